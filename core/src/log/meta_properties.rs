//! `meta.properties`: whose log dir it is (Kafka's `MetaProperties`, version 1).
//!
//! The comment in front, which Kafka's reader passes over, is ours: a flipped bit must not make another voter of a node.

use bytes::Bytes;

use crate::{
    ids::{BrokerId, DirectoryId},
    record::crc::crc32c,
};

/// Longer documents are damaged.
const DOCUMENT_BYTES_MAX: usize = 4 * 1024;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MetaProperties {
    pub cluster_id: String,
    pub node: BrokerId,
    pub directory: DirectoryId,
}

impl MetaProperties {
    pub fn document(&self) -> Bytes {
        let Self { cluster_id, node, directory } = self;
        let text = format!("cluster.id={cluster_id}\ndirectory.id={directory}\nnode.id={node}\nversion=1\n");
        format!("#crc={:08x}\n{text}", crc32c(&[text.as_bytes()])).into()
    }

    /// `None`: it is damaged, or of another version.
    pub fn parse(document: &[u8]) -> Option<Self> {
        let text = std::str::from_utf8(document).ok().filter(|text| text.len() <= DOCUMENT_BYTES_MAX)?;
        let (mut cluster_id, mut node, mut directory, mut version) = (None, None, None, None);
        for line in text.lines().filter(|line| !line.starts_with('#') && !line.trim().is_empty()) {
            let (name, value) = line.split_once('=')?;
            let place = match name.trim() {
                "cluster.id" => &mut cluster_id,
                "node.id" => &mut node,
                "directory.id" => &mut directory,
                "version" => &mut version,
                _ => continue,
            };
            if place.replace(value.trim()).is_some() {
                return None;
            }
        }
        let node = node?.parse().ok().filter(|node| *node >= 0).map(BrokerId)?;
        let read = Self { cluster_id: cluster_id?.to_owned(), node, directory: DirectoryId::parse(directory?)? };
        let is_ours = text.starts_with("#crc=");
        let is_sound = !is_ours || read.document() == document;
        (version == Some("1") && !read.cluster_id.is_empty() && is_sound).then_some(read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn properties_read_back_and_a_flipped_bit_is_found() {
        let properties =
            MetaProperties { cluster_id: "cluster".to_owned(), node: BrokerId(3), directory: DirectoryId([9; 16]) };
        let document = properties.document();
        assert_eq!(MetaProperties::parse(&document), Some(properties));
        // In the word that calls it ours a flip leaves a comment of anybody's, and all else as it is.
        for bit in 5 * 8..document.len() * 8 {
            let mut flipped = document.to_vec();
            flipped[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(MetaProperties::parse(&flipped), None, "bit {bit}");
        }
    }

    #[test]
    fn a_document_of_kafka_is_read() {
        let kafka = b"#\n#Wed Nov 25 10:00:00 UTC 2026\ncluster.id=JFB-sN9CR3yUrSyFAUBjRg\n\
            directory.id=CQkJCQkJCQkJCQkJCQkJCQ\nnode.id=1\nversion=1\n";
        let found = MetaProperties::parse(kafka).unwrap();
        assert_eq!((&*found.cluster_id, found.node), ("JFB-sN9CR3yUrSyFAUBjRg", BrokerId(1)));
        for text in ["", "version=1\n", "cluster.id=a\nnode.id=1\ndirectory.id=x\nversion=1\n"] {
            assert_eq!(MetaProperties::parse(text.as_bytes()), None);
        }
    }
}
