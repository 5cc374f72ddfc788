//! Zstandard as files have it: frames one behind the other (RFC 8878, section 3), as where a file was appended
//! to.

use std::io::{self, BufRead, Read};

use ruzstd::decoding::errors::{FrameDecoderError, ReadFrameHeaderError};
use ruzstd::decoding::{BlockDecodingStrategy, FrameDecoder};

/// The bytes of all frames.
pub(super) struct Frames<R> {
    input: R,
    decoder: Box<FrameDecoder>,
    in_frame: bool,
}

impl<R: BufRead> Frames<R> {
    pub(super) fn new(input: R) -> Self {
        Self { input, decoder: Box::default(), in_frame: false }
    }

    /// Goes to the next frame; frames that hold nothing for us are passed over. Says whether there is one.
    fn next(&mut self) -> io::Result<bool> {
        while !self.input.fill_buf()?.is_empty() {
            match self.decoder.init(&mut self.input) {
                Ok(()) => return Ok(true),
                Err(FrameDecoderError::ReadFrameHeaderError(ReadFrameHeaderError::SkipFrame {
                    length,
                    ..
                })) => {
                    let mut skipped = (&mut self.input).take(length.into());
                    io::copy(&mut skipped, &mut io::sink())?;
                }
                Err(error) => return Err(io::Error::other(error)),
            }
        }
        Ok(false)
    }
}

impl<R: BufRead> Read for Frames<R> {
    fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
        loop {
            if !self.in_frame {
                if !self.next()? {
                    return Ok(0);
                }
                self.in_frame = true;
            }
            while self.decoder.can_collect() == 0 && !self.decoder.is_finished() {
                let one = BlockDecodingStrategy::UptoBlocks(1);
                self.decoder.decode_blocks(&mut self.input, one).map_err(io::Error::other)?;
            }
            let read = self.decoder.read(to)?;
            if read > 0 || to.is_empty() {
                return Ok(read);
            }
            self.in_frame = !self.decoder.is_finished();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two frames of one raw block each (RFC 8878, 3.1.1), and a skippable one between them.
    #[test]
    fn all_frames_are_read() {
        let frame = |text: &[u8]| {
            let length = u8::try_from(text.len()).expect("short");
            let mut frame = vec![0x28, 0xb5, 0x2f, 0xfd, 0x20, length, length << 3 | 1, 0, 0];
            frame.extend_from_slice(text);
            frame
        };
        let skipped = [0x51, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, b'x', b'x', b'x'];
        let all = [frame(b"one, "), skipped.to_vec(), frame(b"two"), skipped.to_vec()].concat();
        assert_eq!(io::read_to_string(Frames::new(all.as_slice())).expect("read"), "one, two");
        assert!(io::read_to_string(Frames::new(&all[..all.len() - 14])).is_err());
    }
}
