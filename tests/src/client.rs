//! The simplest client: a socket and frames.

use std::{
    io::{self, Read, Write},
    net::{SocketAddr, TcpStream},
    time::Duration,
};

use bytes::{Buf, Bytes, BytesMut};

/// How long an answer may take before a test gives up on it.
const PATIENCE: Duration = Duration::from_secs(30);

/// One blocking connection. Requests come from `ottla_contract::frames`.
#[derive(Debug)]
pub struct RawClient {
    stream: TcpStream,
    buffer: BytesMut,
    discarded: Vec<u8>,
}

impl RawClient {
    pub fn connect(address: SocketAddr) -> io::Result<Self> {
        let stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        Ok(Self { stream, buffer: BytesMut::new(), discarded: vec![0; 256 * 1024] })
    }

    pub fn send(&mut self, frame: &[u8]) -> io::Result<()> {
        self.stream.write_all(frame)
    }

    /// The next answer, from its correlation id on.
    pub fn receive(&mut self) -> io::Result<Bytes> {
        self.fill(4)?;
        let len = self.buffer.get_i32() as usize;
        self.fill(len)?;
        Ok(self.buffer.split_to(len).freeze())
    }

    /// Reads the next answer away and says how long it was.
    pub fn discard(&mut self) -> io::Result<usize> {
        self.fill(4)?;
        let len = self.buffer.get_i32() as usize;
        let buffered = len.min(self.buffer.len());
        self.buffer.advance(buffered);
        let mut rest = len - buffered;
        while rest > 0 {
            let most = rest.min(self.discarded.len());
            match self.stream.read(&mut self.discarded[..most])? {
                0 => return Err(io::ErrorKind::UnexpectedEof.into()),
                read => rest -= read,
            }
        }
        Ok(len)
    }

    /// Reads until `len` bytes are there, and whatever comes along.
    fn fill(&mut self, len: usize) -> io::Result<()> {
        while self.buffer.len() < len {
            let have = self.buffer.len();
            self.buffer.resize(len.max(have + 4096), 0);
            let read = self.stream.read(&mut self.buffer[have..]);
            self.buffer.truncate(have + *read.as_ref().unwrap_or(&0));
            if read? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
        Ok(())
    }

    pub fn ask(&mut self, frame: &[u8]) -> io::Result<Bytes> {
        self.send(frame)?;
        self.receive()
    }
}
