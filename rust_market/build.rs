//! Stamps the extension with a fingerprint of its sources, so that a stale build is recognised.

use std::path::{Path, PathBuf};
use std::{env, fs, io};

/// What the extension is built from; `market_py/extension.py` lists the same.
const SOURCES: [&str; 7] = [
    "Cargo.lock",
    "Cargo.toml",
    "build.rs",
    "core/Cargo.toml",
    "core/src",
    "pyproject.toml",
    "src",
];

fn main() -> io::Result<()> {
    pyo3_build_config::use_pyo3_cfgs();
    let mut files = Vec::new();
    for source in SOURCES {
        println!("cargo:rerun-if-changed={source}");
        collect(Path::new(source), &mut files)?;
    }
    let mut fingerprint = crc32fast::Hasher::new();
    for file in files {
        fingerprint.update(&fs::read(file)?);
    }
    println!("cargo:rustc-env=BUILD_ID={:08x}", fingerprint.finalize());
    println!(
        "cargo:rustc-env=BUILD_PROFILE={}",
        env::var("PROFILE").unwrap_or_default()
    );
    Ok(())
}

/// Adds a file, or the Rust files below a folder, sorted by name within each folder.
fn collect(path: &Path, files: &mut Vec<PathBuf>) -> io::Result<()> {
    if !path.is_dir() {
        files.push(path.to_path_buf());
        return Ok(());
    }
    let mut inside = fs::read_dir(path)?
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<io::Result<Vec<_>>>()?;
    inside.retain(|path| path.is_dir() || path.extension().is_some_and(|ending| ending == "rs"));
    inside.sort();
    inside.iter().try_for_each(|path| collect(path, files))
}
