//! As much of HTTP/1.1 as the load client reads.

/// An answer as its bytes come.
#[derive(Debug, Default)]
pub struct Answer {
    head: Vec<u8>,
    body: Option<Body>,
}

#[derive(Debug)]
enum Body {
    /// Bytes that are to come.
    Length(usize),
    Chunked(Chunks),
}

#[derive(Debug, Default)]
struct Chunks {
    /// Bytes of this chunk that are to come, its line break included.
    left: usize,
    /// The line with its size, as far as it came.
    size: Vec<u8>,
    is_over: bool,
}

impl Answer {
    /// Takes what was read; hands on what belongs to the body. Returns true once the answer is whole.
    pub fn take(&mut self, mut bytes: &[u8], body: &mut Vec<u8>) -> bool {
        if self.body.is_none() {
            let before = self.head.len();
            self.head.extend_from_slice(bytes);
            let Some(end) = find(&self.head, b"\r\n\r\n") else { return false };
            bytes = &bytes[end + 4 - before..];
            self.head.truncate(end);
            self.body = Some(Body::of(&self.head));
        }
        match self.body.as_mut() {
            Some(Body::Length(left)) => {
                let taken = bytes.len().min(*left);
                body.extend_from_slice(&bytes[..taken]);
                *left -= taken;
                *left == 0
            }
            Some(Body::Chunked(chunks)) => chunks.take(bytes, body),
            None => false,
        }
    }

    /// Returns true once the head has come.
    pub fn has_head(&self) -> bool {
        self.body.is_some()
    }

    pub fn is_ok(&self) -> bool {
        self.head.starts_with(b"HTTP/1.1 200 ")
    }

    pub fn head(&self) -> String {
        String::from_utf8_lossy(&self.head).into_owned()
    }
}

impl Body {
    fn of(head: &[u8]) -> Self {
        let head = String::from_utf8_lossy(head).to_ascii_lowercase();
        let length = head.lines().find_map(|line| line.strip_prefix("content-length:"));
        match length {
            Some(length) => Self::Length(length.trim().parse().unwrap()),
            None => Self::Chunked(Chunks::default()),
        }
    }
}

impl Chunks {
    fn take(&mut self, mut bytes: &[u8], body: &mut Vec<u8>) -> bool {
        while !bytes.is_empty() && !self.is_over {
            if self.left == 0 {
                let end = bytes.iter().position(|byte| *byte == b'\n');
                self.size.extend_from_slice(&bytes[..end.map_or(bytes.len(), |end| end + 1)]);
                let Some(end) = end else { return false };
                bytes = &bytes[end + 1..];
                let size = String::from_utf8_lossy(&self.size);
                let size = usize::from_str_radix(size.trim(), 16).unwrap();
                self.size.clear();
                self.left = size + 2;
                self.is_over = size == 0;
            } else {
                let taken = bytes.len().min(self.left);
                // The last two are a line break.
                let content = taken.min(self.left.saturating_sub(2));
                body.extend_from_slice(&bytes[..content]);
                self.left -= taken;
                bytes = &bytes[taken..];
            }
        }
        self.is_over
    }
}

/// Returns where a text begins.
pub fn find(bytes: &[u8], text: &[u8]) -> Option<usize> {
    bytes.windows(text.len()).position(|window| window == text)
}

/// Returns a request with a body of JSON.
pub fn post(path: &str, token: Option<&str>, accepts: &str, body: &str) -> Vec<u8> {
    let authorization =
        token.map(|token| format!("Authorization: Bearer {token}\r\n")).unwrap_or_default();
    let length = body.len();
    format!(
        "POST {path} HTTP/1.1\r\nHost: localhost\r\n{authorization}{accepts}\
         Content-Type: application/json\r\nContent-Length: {length}\r\n\r\n{body}"
    )
    .into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bodies_are_read_however_they_are_cut() {
        let chunked = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n10\r\n0123456789abcdef\r\n0\r\n\r\n";
        let whole = b"HTTP/1.1 200 OK\r\nContent-Length: 19\r\n\r\nabc0123456789abcdef";
        for (text, size) in
            [(&chunked[..], 1), (&chunked[..], 7), (&chunked[..], 500), (&whole[..], 5)]
        {
            let (mut answer, mut body) = (Answer::default(), Vec::new());
            let ended: Vec<bool> =
                text.chunks(size).map(|part| answer.take(part, &mut body)).collect();
            assert_eq!(body, b"abc0123456789abcdef");
            assert!(answer.is_ok() && ended.last() == Some(&true));
        }
    }
}
