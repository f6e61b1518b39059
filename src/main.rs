//! The `kaitou` command.

fn main() -> std::process::ExitCode {
    kaitou::cli::run()
}
