//! The text that Windows tracert prints, in any of its languages and code pages.
//!
//! Times stand before the address. The header is a line or two in which the destination stands, in
//! brackets if a name was asked for; all other lines that are no hops say nothing. A console that was
//! too narrow breaks lines anywhere.

mod row;

use self::row::{Row, destination, is_blank};
use crate::import::finding::Finding;
use crate::import::format::{Format, LineReader, Reader, Sink};
use crate::import::log_prefix::strip_log_prefix;
use crate::import::shell_command::traced_by_command;
use crate::import::sniff::Head;
use crate::import::text_trace::{Destination, LONGEST, TextTrace};

/// tracert's text.
pub(super) const FORMAT: Format =
    Format { name: "tracert", recognises, reader: Reader::Lines(|| Box::<Tracert>::default()) };

/// A line that a console broke has at least so many characters: those of other scripts take two
/// places each.
const BROKEN: usize = 60;

fn recognises(head: &Head) -> bool {
    head.lines.iter().any(|line| Row::is_certain(strip_log_prefix(line)))
}

#[derive(Default)]
struct Tracert {
    trace: TextTrace,
    /// A line that may go on in the next, and its number.
    open: Option<(u64, String)>,
}

impl LineReader for Tracert {
    fn line(&mut self, number: u64, line: &str, sink: &mut Sink<'_>) {
        if line.len() > LONGEST {
            self.close(sink);
            sink(number, Finding::Malformed("longer than any line of a traceroute".into()));
            return;
        }
        let text = strip_log_prefix(line);
        let goes_on = !text.is_empty() && Row::of(text).is_none();
        let (number, text) = match self.open.take_if(|_| goes_on) {
            Some((first, open)) => (first, open + text),
            None => (number, text.to_owned()),
        };
        self.close(sink);
        if is_open(&text) {
            self.open = Some((number, text));
        } else {
            self.whole(number, &text, sink);
        }
    }

    fn end(mut self: Box<Self>, sink: &mut Sink<'_>) {
        self.close(sink);
        self.trace.end(sink);
    }
}

impl Tracert {
    /// Takes what may have gone on, and did not.
    fn close(&mut self, sink: &mut Sink<'_>) {
        if let Some((number, text)) = self.open.take() {
            self.whole(number, &text, sink);
        }
    }

    fn whole(&mut self, number: u64, text: &str, sink: &mut Sink<'_>) {
        let line = text.trim_end_matches("^C");
        match Row::of(line) {
            Some(row) if row.is_open() && has_open_bracket(line) => {
                sink(number, Finding::Malformed("a hop that is cut off".into()));
            }
            Some(row) => {
                // TTLs only rise: this is another trace, without a header.
                if row.ttl <= self.trace.last() {
                    self.begin(TextTrace::default(), sink);
                }
                self.trace.hop(number, row.ttl, row.cells(), sink);
            }
            None => self.words(number, line, sink),
        }
        self.trace.is_cut |= line.len() < text.len();
    }

    /// A line of a header, or one that says nothing.
    fn words(&mut self, number: u64, text: &str, sink: &mut Sink<'_>) {
        if let Some(target) = traced_by_command(text) {
            self.begin(TextTrace::expected(number, Destination::Address(target)), sink);
        } else if starts_like_a_hop(text) {
            sink(number, Finding::Malformed("neither a header nor a hop".into()));
        } else if let Some((destination, is_certain)) = destination(text) {
            let begin = if is_certain { TextTrace::announced } else { TextTrace::expected };
            self.begin(begin(number, destination), sink);
        }
    }

    fn begin(&mut self, trace: TextTrace, sink: &mut Sink<'_>) {
        std::mem::replace(&mut self.trace, trace).end(sink);
    }
}

/// Whether `text` may be a line that was broken: long, and the address it should have is not there, or
/// a bracket is not closed.
fn is_open(text: &str) -> bool {
    let length = text.chars().count();
    let row = Row::of(text);
    (BROKEN..LONGEST_BROKEN).contains(&length)
        && row.map_or_else(|| has_open_bracket(text), |row| row.is_open())
}

fn has_open_bracket(text: &str) -> bool {
    text.rfind('[').is_some_and(|place| !text[place..].contains(']'))
}

/// The longest line of a console that is too narrow.
const LONGEST_BROKEN: usize = 200;

/// A TTL and then a star or a number: the line of a hop that cannot be read.
fn starts_like_a_hop(text: &str) -> bool {
    let mut words = text.split(is_blank).filter(|word| !word.is_empty());
    let is_ttl = words.next().is_some_and(|word| word.parse::<u8>().is_ok_and(|ttl| ttl > 0));
    let next = words.next().unwrap_or_default();
    is_ttl && (next == "*" || next.starts_with(|c: char| c.is_ascii_digit() || c == '<'))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::import::{recognise, test_lines};

    fn read(bytes: &[u8]) -> Vec<String> {
        assert_eq!(recognise(bytes).map(Format::name), Some("tracert"));
        test_lines::of(FORMAT, bytes)
    }

    const HOPS: &str = "  1    <1 ms     2 ms     *     192.168.0.1 \r\n  \
        2     *        *        *     TIMEOUT\r\n  \
        3   187 ms   188 ms   189 ms  h.example.net [188.43.225.153] \r\n  \
        4   196 ms   195 ms   194 ms  175.45.177.10 \r\n\r\nEND\r\n";
    const READ: &str = "1 192.168.0.1 192.168.0.1@2 *, 2 * * *, \
        3 188.43.225.153@187 188.43.225.153@188 188.43.225.153@189, \
        4 175.45.177.10=@196 175.45.177.10=@195 175.45.177.10=@194";

    #[test]
    fn every_language_reads_the_same() {
        for (header, timeout, end) in [
            (
                "Tracing route to x.kp [175.45.177.10]\r\nover a maximum of 30 hops:",
                "Request timed out.",
                "Trace complete.",
            ),
            (
                "Tracing route to 175.45.177.10 over a maximum of 30 hops",
                "Request timed out.",
                "Trace complete.",
            ),
            (
                "Routenverfolgung zu 175.45.177.10 über maximal 30 Hops",
                "Zeitüberschreitung der Anforderung.",
                "Ablaufverfolgung beendet.",
            ),
            (
                "Détermination de l’itinéraire vers x.kp [175.45.177.10]\r\navec un maximum de 30 sauts\u{a0}:",
                "Délai d’attente de la demande dépassé.",
                "Itinéraire déterminé.",
            ),
            (
                "Traza a la dirección x.kp [175.45.177.10]\r\nsobre un máximo de 30 saltos:",
                "Tiempo de espera agotado para esta solicitud.",
                "Traza completa.",
            ),
            (
                "Rastreando a rota para x.kp [175.45.177.10]\r\ncom no máximo 30 saltos:",
                "Esgotado o tempo limite do pedido.",
                "Rastreamento concluído.",
            ),
            (
                "Трассировка маршрута к x.kp [175.45.177.10]\r\nс максимальным числом прыжков 30:",
                "Превышен интервал ожидания для запроса.",
                "Трассировка завершена.",
            ),
            (
                "通过最多 30 个跃点跟踪\r\n到 x.kp [175.45.177.10] 的路由:",
                "请求超时。",
                "跟踪完成。",
            ),
            (
                "在上限 30 個躍點上\r\n追蹤 x.kp [175.45.177.10] 的路由:",
                "要求等候逾時。",
                "追蹤完成。",
            ),
            (
                "x.kp [175.45.177.10] へのルートをトレースしています\r\n経由するホップ数は最大 30 です:",
                "要求がタイムアウトしました。",
                "トレースを完了しました。",
            ),
            (
                "최대 30홉 이상의\r\nx.kp [175.45.177.10](으)로 가는 경로 추적:",
                "요청 시간이 만료되었습니다.",
                "추적을 완료했습니다.",
            ),
            (
                "Śledzenie trasy do x.kp [175.45.177.10]\r\nprzewyższa maksymalną liczbę przeskoków 30",
                "Upłynął limit czasu żądania.",
                "Śledzenie zakończone.",
            ),
            (
                "Traccia instradamento verso x.kp [175.45.177.10]\r\nsu un massimo di 30 punti di passaggio:",
                "Richiesta scaduta.",
                "Traccia completata.",
            ),
            (
                "Bezig met het traceren van de route naar x.kp [175.45.177.10]\r\nvia maximaal 30 hops:",
                "Time-out bij opdracht.",
                "De trace is voltooid.",
            ),
            (
                "En fazla 30 atlama üstünde\r\nx.kp [175.45.177.10]'ye izleme yolu :",
                "İstek zaman aşımına uğradı.",
                "İzleme tamamlandı.",
            ),
            (
                "Výpis trasy k x.kp [175.45.177.10]\r\ns nejvýše 30 směrováními:",
                "Vypršel časový limit žádosti.",
                "Trasování bylo dokončeno.",
            ),
        ] {
            let hops = HOPS.replace("TIMEOUT", timeout).replace("END", end);
            let text = format!("\r\n{header}\r\n\r\n{hops}");
            let line = text.lines().position(|line| line.contains("175.45.177.10")).unwrap() + 1;
            let expected = [format!("{line}: 175.45.177.10: {READ}")];
            assert_eq!(read(text.as_bytes()), expected, "{header}");
            let marked = format!("\u{feff}{text}");
            assert_eq!(read(marked.as_bytes()), expected);
            let utf16: Vec<u8> = marked.encode_utf16().flat_map(u16::to_le_bytes).collect();
            assert_eq!(read(&utf16), expected);
        }
    }

    #[test]
    fn code_pages_do_no_harm() {
        let units: [(&str, &[u8]); 6] = [
            ("936", b"\xba\xc1\xc3\xeb"),
            ("932", b"\x83\x7e\x83\x8a\x95\x62"),
            ("866", b"\xac\xe1"),
            ("850", b"\xffms"),
            ("437", b"ms"),
            ("1252", b"\xa0ms"),
        ];
        for (page, unit) in units {
            // Letters whose second byte looks like a bracket, before and behind.
            let mut bytes =
                b"\x83\x5b\x81\x5b x.kp [175.45.177.10] \x83\x5b\x83\x5d\r\n\r\n".to_vec();
            for (place, part) in HOPS.replace("TIMEOUT", "\u{7}").split(" ms").enumerate() {
                if place > 0 {
                    bytes.push(b' ');
                    bytes.extend(unit);
                }
                bytes.extend(part.as_bytes());
            }
            let place = bytes.iter().position(|byte| *byte == 7).unwrap();
            bytes.splice(place..=place, *b"\x97\x76\x8b\x81\x81\x5b\x83\x5d\x81\x42");
            assert_eq!(read(&bytes), [format!("1: 175.45.177.10: {READ}")], "{page}");
        }
    }

    #[test]
    fn refusals_stand_in_place_of_a_time() {
        let text = "Tracing route to 175.45.176.8 over a maximum of 30 hops\n\n  \
            1     1 ms     1 ms     1 ms  10.0.0.1\n  \
            2     *        *     219.158.39.42  reports: Destination net unreachable.\n\nTrace complete.\n\
            Routenverfolgung zu 175.45.176.9 über maximal 30 Hops\n\n  \
            1  gw [10.0.0.1]  meldet: Zielhost nicht erreichbar.\n";
        assert_eq!(
            read(text.as_bytes()),
            [
                "1: 175.45.176.8: 1 10.0.0.1@1 10.0.0.1@1 10.0.0.1@1, 2 * * 219.158.39.42!0",
                "7: 175.45.176.9: 1 10.0.0.1!1",
            ]
        );
    }

    #[test]
    fn lines_that_a_console_broke_are_joined() {
        let text = "Tracing route to a-very-long-name-of-a-host-in-a-block.example.kp [175.45.17\r\n\
            7.10]\r\nover a maximum of 30 hops:\r\n\r\n  \
            1     4 ms     3 ms     2 ms  cloudflare-ae70-0-grtbueba1.net.telefonicaglobalso\r\n\
            lutions.com [94.142.103.101]\r\n  \
            2     4 ms     3 ms     2 ms  cloudflare-ae70-0-grtbueba1.net.example.com [94.14\r\n\
            2.103.102]\r\n  3     5 ms     5 ms     5 ms  175.45.177.10\r\n";
        assert_eq!(
            read(text.as_bytes()),
            ["1: 175.45.177.10: 1 94.142.103.101@4 94.142.103.101@3 94.142.103.101@2, \
              2 94.142.103.102@4 94.142.103.102@3 94.142.103.102@2, \
              3 175.45.177.10=@5 175.45.177.10=@5 175.45.177.10=@5"]
        );
    }

    #[test]
    fn headers_may_be_missing_and_commands_may_help() {
        let hops = "  1     1 ms     1 ms     1 ms  10.0.0.1\n  2     *        *        *     timed out.\n^C\n";
        let text = format!("{hops}{hops}C:\\>tracert -d 175.45.176.8\n\n{hops}");
        let tries = "1 10.0.0.1@1 10.0.0.1@1 10.0.0.1@1, 2 * * *, interrupted";
        assert_eq!(
            read(text.as_bytes()),
            [
                format!("1: to no destination: {tries}"),
                format!("4: to no destination: {tries}"),
                format!("7: 175.45.176.8: {tries}"),
            ]
        );
    }

    #[test]
    fn what_cannot_be_used_is_reported() {
        let text = "Tracing route to x [2001:db8::1]\n  1     1 ms     1 ms     1 ms  2001:db8::2\n\
            Tracing route to x [175.45.176.8]\n\
            Tracing route to y [175.45.176.9]\n  1     1 ms     1 ms     1 ms  10.XXX.XXX.XXX\n  \
            2     1 ms     1 ms     1 ms  4.69.1.1\n  3     1 ms     1 q7\n  \
            4     1 ms     1 ms     1 ms  4.69.\n  5     1 ms     1 ms     1 ms  a.example [4.6";
        assert_eq!(
            read(text.as_bytes()),
            [
                "1: skipped: a traceroute to an IPv6 address",
                "3: skipped: no hop follows its header",
                "7: malformed: neither a header nor a hop",
                "8: malformed: neither a header nor a hop",
                "9: malformed: a hop that is cut off",
                "4: 175.45.176.9: 1 * * *, 2 4.69.1.1@1 4.69.1.1@1 4.69.1.1@1",
                "4: skipped: answers from senders that cannot be read",
            ]
        );
    }

    proptest! {
        #[test]
        fn any_bytes_are_read(bytes: Vec<u8>) {
            test_lines::of(FORMAT, &bytes);
            let _ = recognise(&bytes);
        }

        #[test]
        fn any_words_are_read(text in "(  [0-9]{1,3} |<?[0-9]{1,4} ms|[*]   |10[.]1[.]2[.][0-9] |\\[4[.]4[.]4[.]4\\] |[a-z]{60}|reports: |\n){0,60}") {
            test_lines::of(FORMAT, text.as_bytes());
        }
    }
}
