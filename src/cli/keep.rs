//! `kaitou backup`, `kaitou restore` and `kaitou audit`: keeping the data, and proving it.

use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use clap::Subcommand;

use super::Failure;
use crate::audit::Chain;
use crate::store::{BackupError, Store};

/// `kaitou backup FILE`
#[derive(Debug, clap::Args)]
pub(super) struct BackupArgs {
    /// 作成するバックアップのファイル
    file: PathBuf,
    /// データを保存しているフォルダ
    #[arg(long, env = "KAITOU_DATA", value_name = "DIR", default_value = "data")]
    data: PathBuf,
}

/// `kaitou restore FILE`
#[derive(Debug, clap::Args)]
pub(super) struct RestoreArgs {
    /// バックアップのファイル
    file: PathBuf,
    /// 復元先のフォルダ（まだデータがないこと）
    #[arg(long, env = "KAITOU_DATA", value_name = "DIR", default_value = "data")]
    data: PathBuf,
}

/// `kaitou audit verify`
#[derive(Debug, clap::Args)]
pub(super) struct AuditArgs {
    #[command(subcommand)]
    what: AuditCommand,
}

#[derive(Debug, Subcommand)]
enum AuditCommand {
    /// 監査ログが書き換えられていないことを確かめる
    Verify {
        /// データを保存しているフォルダ
        #[arg(long, env = "KAITOU_DATA", value_name = "DIR", default_value = "data")]
        data: PathBuf,
        /// 以前に控えた末尾のハッシュ（末尾が削除されていないことも確かめる）
        #[arg(long, value_name = "HASH")]
        contains: Option<String>,
    },
}

impl From<BackupError> for Failure {
    fn from(e: BackupError) -> Self {
        Self::Input(e.to_string())
    }
}

pub(super) fn run_backup(args: &BackupArgs) -> Result<(), Failure> {
    let chain = block_on(Store::back_up(&args.data, &args.file))??;
    say(&format!("{} にバックアップしました。", args.file.display()), &chain)
}

pub(super) fn run_restore(args: &RestoreArgs) -> Result<(), Failure> {
    let _lock = super::serve::lock(&args.data)?;
    let chain = block_on(Store::restore(&args.file, &args.data))??;
    say(&format!("{} に復元しました。", args.data.display()), &chain)
}

pub(super) fn run_audit(args: &AuditArgs) -> Result<(), Failure> {
    let AuditCommand::Verify { data, contains } = &args.what;
    let chain = block_on(verify(data, contains.as_deref()))??;
    say("監査ログは書き換えられていません。", &chain)
}

async fn verify(data: &Path, contains: Option<&str>) -> Result<Chain, Failure> {
    if !Store::exists(data) {
        return Err(BackupError::NoData(data.to_owned()).into());
    }
    let fault = |e: crate::store::StoreError| Failure::Fault(e.into());
    let store = Store::open(data).await.map_err(fault)?;
    let chain = store.verify_audit().await.map_err(fault)?.map_err(|broken| Failure::Input(broken.to_string()))?;
    let found = match contains {
        Some(hash) => store.has_audit(hash.trim()).await.map_err(fault)?,
        None => true,
    };
    store.close().await;
    if found { Ok(chain) } else { Err(Failure::Input("控えたハッシュの記録が監査ログにありません。末尾の記録が削除されています。".to_owned())) }
}

fn block_on<T>(work: impl Future<Output = T>) -> Result<T, Failure> {
    Ok(tokio::runtime::Runtime::new()?.block_on(work))
}

fn say(done: &str, chain: &Chain) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    writeln!(out, "{done}")?;
    Ok(writeln!(out, "監査ログ: {}件、末尾のハッシュ {}", chain.length, chain.head)?)
}
