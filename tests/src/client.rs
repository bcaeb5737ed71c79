//! The simplest client: a socket and frames.

use std::{
    io::{self, Read, Write},
    net::{SocketAddr, TcpStream},
    time::Duration,
};

use bytes::{Bytes, BytesMut};

/// How long an answer may take before a test gives up on it.
const PATIENCE: Duration = Duration::from_secs(30);

/// One blocking connection. Requests come from `ottla_contract::frames`.
#[derive(Debug)]
pub struct RawClient {
    stream: TcpStream,
    buffer: BytesMut,
}

impl RawClient {
    pub fn connect(address: SocketAddr) -> io::Result<Self> {
        let stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        Ok(Self { stream, buffer: BytesMut::new() })
    }

    pub fn try_clone(&self) -> io::Result<Self> {
        Ok(Self { stream: self.stream.try_clone()?, buffer: BytesMut::new() })
    }

    pub fn send(&mut self, frame: &[u8]) -> io::Result<()> {
        self.stream.write_all(frame)
    }

    /// The next answer, from its correlation id on.
    pub fn receive(&mut self) -> io::Result<Bytes> {
        let mut len = [0; 4];
        self.stream.read_exact(&mut len)?;
        let len = i32::from_be_bytes(len) as usize;
        self.buffer.resize(len, 0);
        self.stream.read_exact(&mut self.buffer)?;
        Ok(self.buffer.split().freeze())
    }

    /// Reads the next answer away and says how long it was.
    pub fn discard(&mut self) -> io::Result<usize> {
        let mut len = [0; 4];
        self.stream.read_exact(&mut len)?;
        let len = i32::from_be_bytes(len) as usize;
        self.buffer.resize(self.buffer.len().max(len), 0);
        self.stream.read_exact(&mut self.buffer[..len])?;
        Ok(len)
    }

    pub fn ask(&mut self, frame: &[u8]) -> io::Result<Bytes> {
        self.send(frame)?;
        self.receive()
    }
}
