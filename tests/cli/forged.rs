//! Answers that nobody was asked for: none is used, and they are not passed over in silence.

use super::lab::Lab;
use super::sheet::Sheet;
use super::skip::has;

/// Floods the machine's own address with "time exceeded" in the name of a router, each quoting an echo request to the block
/// that has the form of ours: what somebody sends who has seen one probe and does not know the secret.
const FORGER: &str = r"
import socket, struct, sys, time
raw = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP)
here, end = sys.argv[1], time.monotonic() + 30
def total(data):
    sum = sum_of(data)
    return ~(sum + (sum >> 16)) & 0xffff
def sum_of(data):
    sum = 0
    for high, low in zip(data[::2], data[1::2]):
        sum += high << 8 | low
    return (sum & 0xffff) + (sum >> 16)
number = 0
while time.monotonic() < end:
    number += 1
    target = bytes([175, 45, 177, number % 16])
    quote = bytes([0x45, 0]) + struct.pack('>HHHBBH', 42, number & 0xffff, 0, 1, 1, 0) + socket.inet_aton(here) + target
    quote += struct.pack('>BBHHH', 8, 0, 0x4c48, number * 7919 & 0xffff, number * 104729 & 0xffff)
    message = bytes([11, 0, 0, 0, 0, 0, 0, 0]) + quote
    message = message[:2] + struct.pack('>H', total(message)) + message[4:]
    raw.sendto(message, (here, 0))
    time.sleep(0.001)
";

#[test]
fn a_flood_of_forged_answers_is_marked_and_changes_nothing() {
    let Some(lab) = Lab::near().filter(|_| has("python3")) else { return };
    lab.write("forger.py", FORGER);
    let script = "here=$(ip -4 -o addr show lasthop0 | sed 's/.*inet \\([0-9.]*\\).*/\\1/'); \
        python3 forger.py $here & forger=$!; sleep 0.3; \
        $LASTHOP probe 175.45.177.0/28 --wire raw --rate 100 --timeout 0.1 -q; code=$?; \
        kill $forger; exit $code";
    if !has("ip") {
        return;
    }
    let run = lab.shell(script).ended(0);
    let sheet = Sheet::read(&run.out);
    assert_eq!(sheet.column("verdict"), ["russia", "russia"]);
    assert!(sheet.column("doubts").iter().all(|it| it.contains("forged")), "{}", run.out);
    assert!(run.err.contains("forges them"), "even where it is quiet: {}", run.err);
}

#[test]
fn without_a_forger_there_is_no_mark() {
    let Some(lab) = Lab::near() else { return };
    let run = lab.probe(&["175.45.177.0/28", "--wire", "raw"]).ended(0);
    assert_eq!(Sheet::read(&run.out).column("doubts"), ["", ""]);
}
