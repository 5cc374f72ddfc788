//! What a file is that nobody here can read, in words: by its first bytes, as `file` has them.

/// Beginnings, and what begins so.
const BEGINNINGS: [(&[u8], &str); 37] = [
    (b"\xd4\xc3\xb2\xa1", "a capture of packets (pcap)"),
    (b"\xa1\xb2\xc3\xd4", "a capture of packets (pcap)"),
    (b"\x4d\x3c\xb2\xa1", "a capture of packets (pcap)"),
    (b"\xa1\xb2\x3c\x4d", "a capture of packets (pcap)"),
    (b"\x0a\x0d\x0d\x0a", "a capture of packets (pcapng)"),
    (b"%PDF-", "a PDF document"),
    (b"\x89PNG\r\n\x1a\n", "a picture (PNG)"),
    (b"\xff\xd8\xff", "a picture (JPEG)"),
    (b"GIF8", "a picture (GIF)"),
    (b"BM", "a picture (BMP)"),
    (b"II*\0", "a picture (TIFF)"),
    (b"MM\0*", "a picture (TIFF)"),
    (b"\0\0\x01\0", "a picture (ICO)"),
    (b"\x7fELF", "a program (ELF)"),
    (b"MZ", "a program for Windows"),
    (b"\xfe\xed\xfa", "a program for macOS"),
    (b"\xcf\xfa\xed\xfe", "a program for macOS"),
    (b"SQLite format 3\0", "a database (SQLite)"),
    (b"PAR1", "a table (Parquet)"),
    (b"Obj\x01", "a table (Avro)"),
    (b"ARROW1", "a table (Arrow)"),
    (b"\x89HDF", "a table (HDF5)"),
    (b"7z\xbc\xaf\x27\x1c", "an archive (7z); unpack it"),
    (b"Rar!\x1a\x07", "an archive (RAR); unpack it"),
    (b"!<arch>\n", "an archive (ar); unpack it"),
    (b"070701", "an archive (cpio); unpack it"),
    (b"\x1f\x9d", "compressed by compress; unpack it"),
    (b"\x04\x22\x4d\x18", "compressed by lz4; unpack it"),
    (b"LZIP", "compressed by lzip; unpack it"),
    (b"\xff\x06\0\0sNaPpY", "compressed by snappy; unpack it"),
    (b"\xce\xb2\xcf\x81", "compressed by brotli; unpack it"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "a document of old Office programs"),
    (b"-----BEGIN PGP MESSAGE", "encrypted (PGP)"),
    (b"age-encryption.org", "encrypted (age)"),
    (b"OggS", "sound or a film (Ogg)"),
    (b"ID3", "sound (MP3)"),
    (b"\x28\xb5\x2f\xfd", "compressed too often; unpack it"),
];

/// How much of a text is looked at.
const LOOKED_AT: usize = 4096;

/// What begins with `head`, of which no format is known; nothing where it begins with nothing.
#[must_use]
pub fn kind(head: &[u8]) -> &'static str {
    if let Some((_, kind)) = BEGINNINGS.iter().find(|(beginning, _)| head.starts_with(beginning)) {
        return kind;
    }
    match head {
        [] => return "empty",
        [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => {
            return "a picture (WebP)";
        }
        [_, _, _, _, b'f', b't', b'y', b'p', ..] => return "a film or a picture (MP4, HEIC)",
        _ if is_mrt(head) => return "routes of BGP (MRT)",
        _ => {}
    }
    let start = head.get(..LOOKED_AT).unwrap_or(head);
    let start = start.strip_prefix(b"\xef\xbb\xbf").unwrap_or(start);
    let is_wide = matches!(start, [0xff, 0xfe, ..] | [0xfe, 0xff, ..]);
    let odd = |byte: &&u8| matches!(**byte, 0..=8 | 14..=26 | 28..=31);
    if !is_wide && start.iter().filter(odd).count() * 32 > start.len() {
        return "binary data of an unknown kind";
    }
    match start.trim_ascii_start() {
        [] => "empty but for blanks",
        start if is_json(start) => "JSON of no known format",
        [b'<', b'?', b'x', b'm', b'l', ..] => "XML of no known format",
        _ => "text without a traceroute",
    }
}

/// A header of MRT (RFC 6396, section 2): a time, and one of the types that collectors write.
fn is_mrt(head: &[u8]) -> bool {
    let Some([a, b, c, d, 0, 12 | 13 | 16 | 17, 0, _]) = head.first_chunk() else { return false };
    (0x3000_0000..0x8000_0000).contains(&u32::from_be_bytes([*a, *b, *c, *d]))
}

/// Whether a value of JSON begins so, and not a text with a bracket.
fn is_json(start: &[u8]) -> bool {
    let [first, rest @ ..] = start else { return false };
    matches!(
        (first, rest.trim_ascii_start()),
        (b'{' | b'[', []) | (b'{', [b'"' | b'}', ..]) | (b'[', [b'{' | b'[' | b'"' | b']', ..])
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_named_for_what_they_are() {
        for (head, expected) in [
            (&b"\xd4\xc3\xb2\xa1\x02\0\x04\0"[..], "a capture of packets (pcap)"),
            (b"%PDF-1.7\n", "a PDF document"),
            (b"", "empty"),
            (b" \n\n", "empty but for blanks"),
            (b"\0\x01\x02\x03\x04", "binary data of an unknown kind"),
            (b"{\"a\":1}", "JSON of no known format"),
            (b"[ {\"a\":1} ]", "JSON of no known format"),
            (b"[admin@MikroTik] > /ip route print\n", "text without a traceroute"),
            (b"Dear all,\nthe weather is fine.\n", "text without a traceroute"),
            (b"\x5f\0\0\0\0\x0d\0\x02\0\0\0\x10", "routes of BGP (MRT)"),
        ] {
            assert_eq!(kind(head), expected);
        }
    }
}
