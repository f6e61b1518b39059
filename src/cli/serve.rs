//! `kaitou serve`: the service, until it is told to stop.

use std::fs::{File, TryLockError};
use std::io::{self, ErrorKind, IsTerminal, Write};
use std::path::{Path, PathBuf};

use anyhow::Context;
use tokio::net::TcpListener;
use tokio::signal::unix::{Signal, SignalKind, signal};

use super::Failure;
use crate::accounts::Accounts;
use crate::clock::Clock;
use crate::config::{Listen, ListenError, PublicUrl};
use crate::people::By;
use crate::pipeline::{self, Pipeline, PipelineError, Sources};
use crate::secret::Token;
use crate::store::Store;
use crate::web::{self, App};
use crate::workbook::Limits;

/// `kaitou serve [--listen ADDR] [--data DIR]`
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// 待ち受けるアドレス（最初の管理者を登録するまでは、このマシン内のみ）
    #[arg(long, env = "KAITOU_LISTEN", value_name = "ADDR", default_value = "127.0.0.1:8080")]
    listen: String,
    /// 利用者がブラウザで開くURL（HTTPSのプロキシの後ろで動かすとき）
    #[arg(long, env = "KAITOU_URL", value_name = "URL")]
    url: Option<String>,
    /// データを保存するフォルダ
    #[arg(long, env = "KAITOU_DATA", value_name = "DIR", default_value = "data")]
    data: PathBuf,
    /// データフォルダに標準シートがないときに取り込むファイル（.xlsx）
    #[arg(long, env = "KAITOU_STANDARD", value_name = "SHEET")]
    standard: Option<PathBuf>,
    /// IPADIC のソース（CSV と .def）のフォルダ
    #[arg(long, env = "KAITOU_IPADIC", value_name = "DIR")]
    ipadic: Option<PathBuf>,
    /// 同義語などを差し替えるフォルダ（index/ と同じファイル名）
    #[arg(long, env = "KAITOU_INDEX", value_name = "DIR")]
    index: Option<PathBuf>,
}

impl From<PipelineError> for Failure {
    fn from(e: PipelineError) -> Self {
        if e.is_input() { Self::Input(e.to_string()) } else { Self::Fault(e.into()) }
    }
}

pub(super) fn run(args: &Args) -> Result<(), Failure> {
    super::own_words(args.index.as_deref())?;
    let listen: Listen = args.listen.parse().map_err(|e: crate::config::ListenError| Failure::Input(e.to_string()))?;
    let url = args.url.as_deref().map(str::parse::<PublicUrl>).transpose().map_err(|e| Failure::Input(e.to_string()))?;
    let runtime = tokio::runtime::Runtime::new()?;
    runtime.block_on(serve(args, listen, url))
}

async fn serve(args: &Args, listen: Listen, url: Option<PublicUrl>) -> Result<(), Failure> {
    let for_accounts = || Failure::Input(ListenError::NoAccounts(listen.address()).to_string());
    if !listen.is_local() && !Store::exists(&args.data) {
        return Err(for_accounts());
    }
    // Before anything is written: who asks for a port that is taken gets an answer and no data folder.
    let listener = TcpListener::bind(listen.address()).await.map_err(|e| cannot_listen(&args.listen, &e))?;
    let _lock = lock(&args.data)?;
    log();
    let clock = Clock::system();
    let limits = Limits::default();
    let sources = Sources { data: args.data.clone(), ipadic: args.ipadic.clone(), index: args.index.clone() };
    let library = pipeline::open_library(sources).await?;
    let store = Store::open(&args.data).await.context("データベースを開けません").map_err(Failure::Fault)?;
    if !listen.is_local() && !store.has_people().await.map_err(fault)? {
        return Err(for_accounts());
    }
    let (pipeline, worker) = Pipeline::start(store.clone(), clock.clone(), limits, library, std::env::current_exe()?).await?;
    if let Some(path) = args.standard.as_deref().filter(|_| pipeline.engine().is_none()) {
        let bytes = super::read_file(path, &limits)?;
        let name = path.file_name().map_or_else(|| path.to_string_lossy(), |n| n.to_string_lossy());
        pipeline.import_standard(&name, bytes, &By::this_machine()).await.map_err(|e| match Failure::from(e) {
            Failure::Input(message) => Failure::Input(format!("{}: {message}", path.display())),
            fault @ Failure::Fault(_) => fault,
        })?;
    }
    let url = match url {
        Some(url) => url,
        None => PublicUrl::of(listener.local_addr()?),
    };
    let accounts = Accounts::new(store.clone(), clock.clone());
    let first = accounts.first_link().await.map_err(fault)?;
    greet(&listener, &pipeline, args, &url, first)?;
    let app = App::new(store.clone(), pipeline, accounts, clock, limits, url);
    let mut signals = Signals::new()?;
    let mut again = Signals::new()?;
    let stop = async move {
        signals.next().await;
        tracing::info!("stopping; once more to stop at once");
    };
    tokio::select! {
        served = web::serve(listener, app, stop) => served?,
        // A request that never ends must not keep the process from ending: what it saves is saved in one step or not at all.
        () = async { again.next().await; again.next().await } => {}
    }
    worker.shut_down().await;
    store.close().await;
    Ok(())
}

/// What tells the process to end.
struct Signals {
    interrupt: Signal,
    terminate: Signal,
}

impl Signals {
    fn new() -> io::Result<Self> {
        Ok(Self { interrupt: signal(SignalKind::interrupt())?, terminate: signal(SignalKind::terminate())? })
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}

fn fault(e: impl Into<anyhow::Error>) -> Failure {
    Failure::Fault(e.into())
}

/// Tells the address and what to do next.
fn greet(listener: &TcpListener, pipeline: &Pipeline, args: &Args, url: &PublicUrl, first: Option<Token>) -> Result<(), Failure> {
    let address = listener.local_addr()?;
    let mut out = io::stdout().lock();
    writeln!(out, "kaitou: http://{address}/ で起動しました（データ: {}）。", args.data.display())?;
    match pipeline.engine() {
        Some(engine) => {
            let (name, items) = (engine.name(), engine.sheet().items.len());
            writeln!(out, "標準シート: {name}（{items}項目）。ブラウザで開き、質問票（.xlsx）をアップロードしてください。")?;
        }
        None => writeln!(out, "まず http://{address}/standard で標準シートを取り込んでください。")?,
    }
    match first {
        Some(token) => {
            writeln!(out, "まだアカウントがないため、このマシンからは誰でもすべて操作できます。複数人で使うには、次のリンク（1回限り）で最初の管理者を登録してください。")?;
            writeln!(out, "最初の管理者の登録: {}/join/{}", url.as_str(), token.shown())?;
        }
        None if !url.is_https() && !listener.local_addr()?.ip().is_loopback() => {
            writeln!(out, "注意: 通信が暗号化されていません。HTTPSのプロキシを前に置き、--url https://… を指定してください。")?;
        }
        None => {}
    }
    writeln!(out, "終了するには Ctrl+C を押してください。")?;
    Ok(out.flush()?)
}

/// Makes the data folder and locks it, so that no two servers work on the same one.
pub(super) fn lock(data: &Path) -> Result<File, Failure> {
    let unusable = |e: io::Error| Failure::Input(format!("{}: データフォルダとして使えません（{e}）。", data.display()));
    std::fs::create_dir_all(data).map_err(unusable)?;
    let file = File::create(data.join("lock")).map_err(unusable)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(Failure::Input(format!(
            "{}: 別の kaitou がこのデータフォルダを使っています。先に終了するか、--data で別のフォルダを指定してください。",
            data.display()
        ))),
        Err(TryLockError::Error(e)) => Err(unusable(e)),
    }
}

fn cannot_listen(address: &str, error: &io::Error) -> Failure {
    let why = match error.kind() {
        ErrorKind::AddrInUse => "ほかのプログラムが使っています。--listen で別のポートを指定してください".to_owned(),
        ErrorKind::PermissionDenied => "使う権限がありません。1024以上のポートを指定してください".to_owned(),
        _ => error.to_string(),
    };
    Failure::Input(format!("{address} で待ち受けられません（{why}）。"))
}

/// Logs to standard error: warnings and errors, or what `KAITOU_LOG` says.
fn log() {
    let filter = tracing_subscriber::EnvFilter::try_from_env("KAITOU_LOG")
        .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new("warn,kaitou=info"));
    // Only fails where a log is set up already, as in tests.
    let _ = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(io::stderr)
        .with_ansi(io::stderr().is_terminal())
        .try_init();
}
