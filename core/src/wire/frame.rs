//! Splits what a connection delivers into frames: a length of 32 bits, then that many bytes.
//!
//! The length is checked before anything is kept, and a claim alone reserves nothing. A frame that lies in one received
//! piece is a slice of it; one that comes in several is put together once: from when a part of it is there that is worth
//! the room for all of it, each piece is copied as it comes, while it is in the processor's cache, and let go of.

use std::collections::VecDeque;

use bytes::{Buf, Bytes, BytesMut};

/// Pieces shorter than this are gathered into one of `GATHERED_BYTES`, so that a frame that comes byte by byte does not
/// cost a piece per byte.
const SMALL_PIECE_BYTES: usize = 4 * 1024;
const GATHERED_BYTES: usize = 64 * 1024;
/// A frame is given its room once this part of it has come: nobody gets more memory than four times what they sent.
const BEGUN_PART: u64 = 4;

/// A length that no frame may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FrameError {
    pub claimed: i32,
}

#[derive(Clone, Debug, Default)]
pub struct FrameSplitter {
    /// The frame under way as far as it has come, with room for all of it; empty until it is put together. All of
    /// `pieces` is later than it.
    begun: BytesMut,
    pieces: VecDeque<Bytes>,
    /// The end of what was received, while it comes in small pieces. Later than all of `pieces`.
    gathered: BytesMut,
    /// Bytes in `begun`, `pieces` and `gathered`.
    buffered: u64,
    /// Of the frame under way, once its prefix is in.
    frame_bytes: Option<u32>,
}

impl FrameSplitter {
    pub fn push(&mut self, mut piece: Bytes) {
        self.buffered += piece.len() as u64;
        if let Some(bytes) = self.frame_bytes.filter(|_| !self.begun.is_empty()) {
            let missing = (bytes as usize).saturating_sub(self.begun.len());
            self.begun.extend_from_slice(&piece.split_to(missing.min(piece.len())));
        }
        if piece.len() >= SMALL_PIECE_BYTES || (self.pieces.is_empty() && self.gathered.is_empty()) {
            self.close_gathered();
            self.pieces.extend((!piece.is_empty()).then_some(piece));
            return;
        }
        if self.gathered.len() + piece.len() > GATHERED_BYTES {
            self.close_gathered();
        }
        self.gathered.extend_from_slice(&piece);
    }

    /// Bytes received and not yet given out.
    pub fn buffered(&self) -> u64 {
        self.buffered
    }

    /// Whether a frame has begun and is not whole.
    pub fn is_inside_frame(&self) -> bool {
        self.frame_bytes.is_some() || self.buffered > 0
    }

    /// The length of the frame under way, as soon as its prefix is in.
    pub fn frame_bytes(&mut self, bytes_max: u32) -> Result<Option<u32>, FrameError> {
        if self.frame_bytes.is_none() && self.buffered >= 4 {
            let prefix = self.take(4);
            let claimed = i32::from_be_bytes([prefix[0], prefix[1], prefix[2], prefix[3]]);
            let is_allowed = claimed > 0 && claimed as u32 <= bytes_max;
            self.frame_bytes = Some(is_allowed.then_some(claimed as u32).ok_or(FrameError { claimed })?);
        }
        Ok(self.frame_bytes)
    }

    /// The next frame without its length, if all of it is there.
    pub fn next_frame(&mut self, bytes_max: u32) -> Result<Option<Bytes>, FrameError> {
        match self.frame_bytes(bytes_max)? {
            Some(bytes) if self.buffered >= u64::from(bytes) => {
                self.frame_bytes = None;
                Ok(Some(self.take(bytes as usize)))
            }
            Some(bytes) if self.begun.is_empty() && self.buffered * BEGUN_PART >= u64::from(bytes) => {
                self.begin(bytes as usize);
                Ok(None)
            }
            _ => Ok(None),
        }
    }

    fn close_gathered(&mut self) {
        if !self.gathered.is_empty() {
            self.pieces.push_back(self.gathered.split().freeze());
        }
    }

    /// Gives the frame under way, to which all that is here belongs, room for `len` bytes.
    fn begin(&mut self, len: usize) {
        self.close_gathered();
        self.begun = BytesMut::with_capacity(len);
        self.pieces.drain(..).for_each(|piece| self.begun.extend_from_slice(&piece));
    }

    /// The first `len` bytes, which must be there: by reference where they lie in one piece.
    fn take(&mut self, len: usize) -> Bytes {
        self.buffered -= len as u64;
        if !self.begun.is_empty() {
            return std::mem::take(&mut self.begun).freeze();
        }
        self.close_gathered();
        let whole = self.pieces.front_mut().filter(|piece| piece.len() >= len).map(|piece| piece.split_to(len));
        let taken = whole.unwrap_or_else(|| {
            let mut joined = BytesMut::with_capacity(len);
            while joined.len() < len {
                let piece = self.pieces.front_mut().expect("`buffered` counts what the pieces hold");
                let part = piece.len().min(len - joined.len());
                joined.extend_from_slice(&piece[..part]);
                piece.advance(part);
                self.drop_empty();
            }
            joined.freeze()
        });
        self.drop_empty();
        taken
    }

    fn drop_empty(&mut self) {
        while self.pieces.front().is_some_and(Bytes::is_empty) {
            self.pieces.pop_front();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn framed(bodies: &[Vec<u8>]) -> Vec<u8> {
        bodies
            .iter()
            .flat_map(|body| (body.len() as u32).to_be_bytes().into_iter().chain(body.iter().copied()))
            .collect()
    }

    fn split(stream: &[u8], cuts: impl Iterator<Item = usize>) -> Vec<Bytes> {
        let mut splitter = FrameSplitter::default();
        let mut frames = Vec::new();
        let mut rest = stream;
        for cut in cuts {
            let (piece, left) = rest.split_at(cut.min(rest.len()));
            rest = left;
            splitter.push(Bytes::copy_from_slice(piece));
            while let Some(frame) = splitter.next_frame(1 << 20).unwrap() {
                frames.push(frame);
            }
        }
        assert_eq!((splitter.buffered(), rest.len(), splitter.is_inside_frame()), (0, 0, false));
        frames
    }

    proptest! {
        #[test]
        fn frames_come_out_however_they_are_cut(
            bodies in prop::collection::vec(prop::collection::vec(any::<u8>(), 1..20_000), 1..5),
            cuts in prop::collection::vec(1_usize..9_000, 1..50),
        ) {
            let stream = framed(&bodies);
            let cuts = cuts.into_iter().cycle().scan(stream.len(), |rest, cut| {
                (*rest > 0).then(|| { *rest -= cut.min(*rest); cut })
            });
            prop_assert_eq!(split(&stream, cuts), bodies);
        }
    }

    #[test]
    fn a_stream_is_cut_at_every_byte() {
        let bodies = [vec![1; 300], vec![2], vec![3; 70_000]];
        let stream = framed(&bodies);
        assert_eq!(split(&stream, std::iter::repeat_n(1, stream.len())), bodies);
        for cut in 1..320 {
            assert_eq!(split(&stream, [cut, stream.len()].into_iter()), bodies, "cut at {cut}");
        }
    }

    #[test]
    fn a_frame_in_one_piece_is_not_copied() {
        let stream = Bytes::from(framed(&[vec![7; 100], vec![8; 100]]));
        let mut splitter = FrameSplitter::default();
        splitter.push(stream.clone());
        let first = splitter.next_frame(1000).unwrap().unwrap();
        assert_eq!(first.as_ptr(), stream[4..].as_ptr());
    }

    #[test]
    fn a_frame_in_several_pieces_holds_on_to_none_of_them() {
        let stream = Bytes::from(framed(&[vec![7; 100_000], vec![8; 10]]));
        let mut splitter = FrameSplitter::default();
        for at in (0..75_000).step_by(25_000) {
            splitter.push(Bytes::copy_from_slice(&stream[at..at + 25_000]));
            assert_eq!(splitter.next_frame(1 << 20), Ok(None));
            assert!(at == 0 || splitter.pieces.is_empty());
        }
        assert_eq!(splitter.buffered(), 75_000 - 4);
        splitter.push(stream.slice(75_000..));
        assert_eq!(splitter.next_frame(1 << 20).unwrap().unwrap(), vec![7; 100_000]);
        assert_eq!(splitter.next_frame(1 << 20).unwrap().unwrap(), vec![8; 10]);
    }

    #[test]
    fn no_frame_is_negative_empty_or_too_long() {
        for claimed in [i32::MIN, -1, 0, 1001, i32::MAX] {
            let mut splitter = FrameSplitter::default();
            splitter.push(Bytes::copy_from_slice(&claimed.to_be_bytes()));
            assert_eq!(splitter.next_frame(1000), Err(FrameError { claimed }));
        }
    }

    #[test]
    fn a_claim_reserves_nothing() {
        let mut splitter = FrameSplitter::default();
        splitter.push(Bytes::copy_from_slice(&(100_i32 << 20).to_be_bytes()));
        assert_eq!(splitter.next_frame(u32::MAX), Ok(None));
        (0..10_000).for_each(|_| splitter.push(Bytes::from_static(b"x")));
        assert_eq!((splitter.next_frame(u32::MAX), splitter.buffered()), (Ok(None), 10_000));
        assert!(splitter.gathered.capacity() + splitter.pieces.capacity() * size_of::<Bytes>() < 200_000);
    }
}
