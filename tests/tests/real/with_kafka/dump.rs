//! What Apache Kafka's `kafka-dump-log` says of a partition's files.

use std::{collections::BTreeSet, path::Path};

use crate::tools::{kafka, run};

/// What it says where something is wrong, in a log or in an index.
const COMPLAINTS: [&str; 8] = [
    "Mismatches in",
    // Of offsets that are not consecutive.
    " is followed by ",
    "Found timestamp mismatch",
    "Found out of order timestamp",
    "Found duplicate timestamp",
    "invalid bytes",
    "isvalid: false",
    "Exception",
];

#[derive(Debug)]
pub struct Dump {
    said: String,
    pub segments: usize,
}

impl Dump {
    /// Of all files of partition 0.
    pub fn of(log_dir: &Path, topic: &str) -> Self {
        Self::of_files(log_dir, topic, &["log", "index", "timeindex", "snapshot"])
    }

    /// Of its files that end so.
    pub fn of_files(log_dir: &Path, topic: &str, extensions: &[&str]) -> Self {
        let dir = log_dir.join(format!("{topic}-0"));
        let mut files: Vec<_> = std::fs::read_dir(&dir).unwrap().map(|entry| entry.unwrap().path()).collect();
        files.retain(|file| file.extension().is_some_and(|is| extensions.iter().any(|asked| is == *asked)));
        files.sort();
        let segments = files.iter().filter(|file| file.extension().is_some_and(|is| is == "log")).count();
        let files: Vec<_> = files.iter().map(|file| file.to_str().unwrap()).collect();
        let mut command = kafka("org.apache.kafka.tools.DumpLogSegments");
        command.args(["--deep-iteration", "--print-data-log", "--max-message-size", "10485760"]);
        let output = run(command.args(["--files", &files.join(",")]), b"");
        let said = output.text() + &output.stderr;
        assert!(output.status.success(), "kafka-dump-log ended with {} and said: {said}", output.status);
        Self { said, segments }
    }

    pub fn assert_sound(&self) {
        // It takes every segment but the first for one that begins wrong, with -1 before its first record.
        let is_no_complaint = |line: &&str| line.starts_with("| ") || line.starts_with("  -1 is followed by ");
        let complaints: Vec<_> = self
            .said
            .lines()
            .filter(|line| !is_no_complaint(line))
            .filter(|line| COMPLAINTS.iter().any(|complaint| line.contains(complaint)))
            .collect();
        assert!(complaints.is_empty(), "kafka-dump-log complains: {complaints:?}");
        assert!(self.said.contains("Dumping "), "kafka-dump-log said nothing: {}", self.said);
    }

    /// The values of all records, a line each.
    pub fn payloads(&self) -> Vec<u8> {
        let records = self.said.lines().filter(|line| line.starts_with("| "));
        let values = records.filter_map(|line| line.split_once(" payload: ").map(|(_, value)| value));
        values.flat_map(|value| value.bytes().chain([b'\n'])).collect()
    }

    /// The codecs that batches are in.
    pub fn codecs(&self) -> Vec<&str> {
        let named = |line: &'_ str| Some(line.split_once(" compresscodec: ")?.1.split(' ').next()?.to_owned());
        let codecs: BTreeSet<_> =
            self.said.lines().filter(|line| line.starts_with("baseOffset: ")).filter_map(named).collect();
        let known = ["none", "gzip", "snappy", "lz4", "zstd"];
        codecs.iter().filter_map(|codec| known.into_iter().find(|name| name == codec)).collect()
    }
}
