//! What Windows prints, in its languages.

use crate::import::format::Format;
use proptest::prelude::*;

use crate::import::{recognise, test_lines};

fn read(bytes: &[u8]) -> Vec<String> {
    assert_eq!(recognise(bytes).map(Format::name), Some("text"));
    test_lines::of(super::super::TRACERT, bytes)
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
        ("通过最多 30 个跃点跟踪\r\n到 x.kp [175.45.177.10] 的路由:", "请求超时。", "跟踪完成。"),
        ("在上限 30 個躍點上\r\n追蹤 x.kp [175.45.177.10] 的路由:", "要求等候逾時。", "追蹤完成。"),
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
        let mut bytes = b"\x83\x5b\x81\x5b x.kp [175.45.177.10] \x83\x5b\x83\x5d\r\n\r\n".to_vec();
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
        test_lines::of(super::super::TRACERT, &bytes);
        let _ = recognise(&bytes);
    }

    #[test]
    fn any_words_are_read(text in "(  [0-9]{1,3} |<?[0-9]{1,4} ms|[*]   |10[.]1[.]2[.][0-9] |\\[4[.]4[.]4[.]4\\] |[a-z]{60}|reports: |\n){0,60}") {
        test_lines::of(super::super::TRACERT, text.as_bytes());
    }
}
