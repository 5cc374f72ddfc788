//! The tables: every column of every file, with its documentation.
//!
//! The sentence of a column is what `docs/output.md` and `schemas/` say about it.

use super::Kind::{
    Address, Byte, Count, Country, Flag, Label, Maybe, Millis, OneOf, Prefix, Range, Schema, Share,
    Text, Time, Ttl,
};
use super::row::{Row, tables};
use super::{Column, Table};

/// Why a trace ends.
const STOP_REASONS: [&str; 10] = [
    "home",
    "border",
    "answered",
    "unreachable",
    "gap-limit",
    "loop",
    "max-ttl",
    "unsent",
    "deadline",
    "interrupted",
];

/// The sources that can name the holder of an address.
const SOURCES: [&str; 5] = ["registered-prefix", "as-table", "registry", "router-name", "cymru"];

/// How much of the whole table a peer of a collector sends.
const PEER_KINDS: [&str; 4] = ["full", "partial", "default", "unknown"];

/// What the RPKI says of a route (RFC 6811).
const RPKI: [&str; 3] = ["valid", "invalid", "not-found"];

tables! {
    /// The split of a run: one row for the block, then one for each routed prefix that was traced.
    SUMMARY SummaryRow "summary", by "lasthop probe, classify, bgp and lab --story, --append FILE" {
        schema: Schema, "Version of these columns";
        run_id: Text, "Identifier of the run";
        started_at: Maybe(&Time), "When the first packet left";
        ended_at: Maybe(&Time), "When the last reply arrived";
        vantage: Label, "Where the packets left from, or of BGP the collector; empty where nobody named it";
        method: Label,
            "icmp, udp, tcp, both (icmp and udp) or all; of traces made elsewhere, what they have with + between; bgp \
             where the units are no traces but AS of a collector's peers";
        scope: Prefix, "The block or a routed prefix; of BGP also other prefixes that were announced";
        targets: Count, "Number of different addresses that were traced; of BGP the AS of peers that count";
        classes ["": "Number of traces of class {class}"]: Count;
        other: Count, "Number of traces that enter the block through somebody of no configured class";
        unknown: Count, "Number of traces whose border cannot be attributed";
        unreached: Count, "Number of traces that ended before any carrier in question";
        shares [
            "_share": "Share of {class} among the classified traces; the block weighs its prefixes equally",
            "_low": "Lower limit of its 95 % interval",
            "_high": "Upper limit of its 95 % interval"
        ]: Maybe(&Share);
        verdict: Text,
            "The class that all classified traces share, mixed where they differ, else unknown or unreached";
        carriers: Maybe(&Text),
            "Holders of the last foreign hops, by classified traces: name=count, semicolons between, most first";
        last_hops: Maybe(&Count), "Number of different last foreign hops of the classified traces; empty of BGP";
        rtt_ms: Maybe(&Millis), "Median RTT of the last foreign hop";
        probes: Maybe(&Count),
            "Number of packets sent for the traces, TCP ports that stayed silent included; empty of BGP";
        complete: Flag,
            "False when the run was interrupted, ran out of time, or could not send what it meant to";
        pinged: Maybe(&Count), "Number of targets that were pinged", since 2;
        alive: Maybe(&Count), "Number of pinged targets that are alive", since 2;
        suspect: Maybe(&Count), "Number of pinged targets whose replies cannot be their own", since 2;
        alive_rtt_ms: Maybe(&Millis), "Median RTT of the targets that are alive", since 2;
        way_out: Maybe(&Flag),
            "Whether anything outside the vantage's own network answered in this run; where it is false, the run \
             says nothing about the block", since 3;
        proven: Maybe(&Count),
            "Number of classified traces with arrival: a home address answers behind the same border of the \
             same routed prefix in this run", since 3;
        doubts: Maybe(&Text),
            "Marks of what speaks against the run, semicolons between: gateway (something near the vantage \
             answers for every address), near (nothing answered behind the first public hop), uplink (a part \
             of the traces did not leave the vantage's network), moved (the vantage's address changed), \
             per-packet (packets of one flow take different carriers), nat (a box at the vantage changes what \
             routers quote), forged (many replies do not know the run's secret, answer what was not sent, or \
             contradict others; none was used), no-message (of BGP: no message shows since when it is so, as at \
             a table)", since 3;
        peers: Maybe(&Count), "Of BGP: number of AS whose routers sent their tables", since 3;
        full_peers: Maybe(&Count), "Of BGP: number of them that sent nearly the whole table", since 3;
        visibility: Maybe(&Share), "Of BGP: share of the full peers that have a route to the scope", since 3;
        origins: Maybe(&Text), "Of BGP: origin AS of the scope, semicolons between", since 3;
        rpki: Maybe(&OneOf(&RPKI)), "Of BGP: what the RPKI says of the announcement", since 3;
    }

    /// Measurements of a service towards the block, the newest first.
    MEASUREMENTS MeasurementRow "measurements", by "lasthop atlas find" {
        schema: Schema, "Version of these columns";
        id: Count, "Number of the measurement";
        target: Address, "Address that it goes to";
        status: Text, "How far it is, in the words of the service";
        started_at: Maybe(&Time), "When it began, or will";
        stops_at: Maybe(&Time), "When it ended, or will";
        method: Maybe(&OneOf(&["icmp", "udp", "tcp"])), "Protocol of its packets";
        oneoff: Maybe(&Flag), "Whether it is made once";
        interval: Maybe(&Count), "Seconds from one run to the next";
        probes: Maybe(&Count), "Number of probes that take part";
        description: Maybe(&Text), "What its owner calls it";
    }

    /// Runs of services that were begun here, the newest first.
    RUNS RunRow "runs", by "lasthop atlas runs" {
        schema: Schema, "Version of these columns";
        run: Text, "Name of the run, and of its folder";
        service: Maybe(&Text), "The service";
        began_at: Maybe(&Time), "When it was agreed to";
        state: Text, "How far it is, in words";
        targets: Maybe(&Count), "Number of addresses that are traced";
        probes: Maybe(&Count), "Number of probes that trace each";
        results: Count, "Number of results that have come";
        credits: Maybe(&Count), "What all results cost, by the estimate; 0 where it costs nothing";
        measurements: Maybe(&Text), "What the service calls its measurements, semicolons between";
        vantage: Maybe(&Text), "Label of its vantages";
    }

    /// The traces of a run, each with its judgement: one row for each trace.
    TRACES TraceRow "traces", by "lasthop probe and classify, --traces FILE" {
        schema: Schema, "Version of these columns";
        run_id: Text, "Identifier of the run";
        started_at: Maybe(&Time), "When the first packet of the trace left";
        vantage: Label, "Where the packets left from; empty where nobody named it";
        method: Maybe(&OneOf(&["icmp", "udp", "tcp"])), "Protocol of the packets";
        flow: Maybe(&Count), "Number of the flow, among those of the target";
        target: Address, "Address that was traced";
        scope: Maybe(&Prefix), "Routed prefix of the target";
        class: Text, "A configured class, other, unknown or unreached";
        confidence: OneOf(&["high", "medium", "low"]), "How far the class can be believed";
        last_hop: Maybe(&Address), "Address of the last foreign hop";
        last_hop_ttl: Maybe(&Ttl), "TTL of the last foreign hop";
        last_hop_rtt_ms: Maybe(&Millis), "RTT of the last foreign hop";
        asn: Maybe(&Count), "Origin AS of the last foreign hop";
        carrier: Maybe(&Text), "Carrier that holds the last foreign hop, by its name in targets.toml";
        country: Maybe(&Country), "Country of the holder";
        last_hop_name: Maybe(&Text), "Name of the last foreign hop in the DNS";
        source: Maybe(&OneOf(&SOURCES)), "Source that names the holder";
        reason: Text, "Why the trace is judged so, in words";
        stop_reason: Maybe(&OneOf(&STOP_REASONS)), "Why the trace ended";
        reached: Flag, "Whether the target itself replied";
        first_home_ttl: Maybe(&Ttl), "TTL of the first home address behind the last foreign hop";
        gap: Maybe(&Count), "Number of silent hops between the last foreign hop and the reply behind it";
        as_path: Maybe(&Text), "Numbers of the AS on the path, blanks between";
        probes: Count, "Number of packets sent for the trace";
        strategy: Maybe(&OneOf(&["full", "border"])),
            "full: every TTL was probed; border: the trace began at the border of its routed prefix", since 2;
    }

    /// The packets of a run: one row for each probe, with its reply if there was one.
    HOPS HopRow "hops", by "lasthop probe and classify, --hops FILE" {
        schema: Schema, "Version of these columns";
        run_id: Text, "Identifier of the run";
        target: Address, "Address that was traced";
        flow: Maybe(&Count), "Number of the flow, among those of the target";
        ttl: Ttl, "TTL with which the packet left";
        attempt: Count, "Number of the attempt at this TTL, from 0";
        sent_at: Maybe(&Time),
            "When the packet left; where only the start of a trace is known, its first row has that";
        address: Maybe(&Address), "Address that replied; empty if none did";
        rtt_ms: Maybe(&Millis), "RTT of the reply";
        icmp_type: Maybe(&Byte), "ICMP type of the reply; 0 as well for the target's SYN-ACK or reset";
        icmp_code: Maybe(&Byte), "ICMP code of the reply";
        reply_ttl: Maybe(&Byte), "TTL with which the reply arrived";
        mpls: Maybe(&Text), "MPLS labels that the reply quotes: label:ttl, blanks between";
        asn: Maybe(&Count), "Origin AS of the address";
        country: Maybe(&Country), "Country of the address's holder";
        name: Maybe(&Text), "Name of the address in the DNS";
        vantage: Label, "Where the packets left from; empty where nobody named it", since 2;
        method: Maybe(&OneOf(&["icmp", "udp", "tcp"])), "Protocol of the packets", since 2;
        trace: Count, "Number of the trace among those of the file, from 1", since 2;
        stop_reason: Maybe(&OneOf(&STOP_REASONS)), "Why the trace ended", since 2;
        contradicted_by: Maybe(&Address),
            "Address that answered the same packet too, and is another or said something else", since 3;
    }

    /// Why each trace is judged as it is: one row for each trace.
    EXPLANATIONS ExplanationRow "explanations", by "lasthop classify and probe, --explain --format csv or json" {
        schema: Schema, "Version of these columns";
        file: Maybe(&Text), "File in which the trace was found; empty where it was measured";
        line: Maybe(&Count), "Line at which it begins; in binary formats the number of the record";
        target: Address, "Address that was traced";
        class: Text, "A configured class, other, unknown or unreached";
        confidence: OneOf(&["high", "medium", "low"]), "How far the class can be believed";
        last_hop: Maybe(&Address), "Address of the last foreign hop";
        hops: Text, "The hops: TTL, address, RTT and holder of each answer, semicolons between";
        decided: Text, "The rule that decided";
        because: Text, "What the class and the confidence follow from, semicolons between";
        others: Maybe(&Text), "Where other traces of the same routed prefix end";
        otherwise: Maybe(&Text), "What would have changed the class or the confidence, semicolons between";
    }

    /// How many targets are alive: one row for the block, then one for each routed prefix that was pinged.
    COUNTS CountsRow "counts", by "lasthop ping, --append FILE" {
        schema: Schema, "Version of these columns";
        run_id: Text, "Identifier of the run";
        started_at: Time, "When the first packet left";
        ended_at: Time, "When the last reply arrived";
        vantage: Label, "Where the packets left from; empty where nobody named it";
        method: Text, "icmp, tcp, udp, or several of them with + between";
        scope: Prefix, "The block or a routed prefix";
        targets: Count, "Number of different addresses that were pinged";
        alive: Count, "Number of them that are alive";
        icmp: Maybe(&Count), "Number of targets found alive by ICMP echo; empty where it was not used";
        tcp: Maybe(&Count), "Number of targets found alive by TCP; empty where it was not used";
        udp: Maybe(&Count), "Number of targets found alive by UDP; empty where it was not used";
        suspect: Count, "Number of targets whose replies cannot be their own";
        rtt_ms: Maybe(&Millis), "Median over the targets that are alive, of each one's median RTT";
        probes: Count, "Number of packets sent; of a TCP connection only the first counts";
        complete: Flag, "False when the run was interrupted, ran out of time, or could not send";
    }

    /// The targets of a ping: one row for each that was pinged.
    CENSUS CensusRow "census", by "lasthop ping, --census FILE" {
        schema: Schema, "Version of these columns";
        run_id: Text, "Identifier of the run";
        at: Time, "When the target was first pinged";
        vantage: Label, "Where the packets left from; empty where nobody named it";
        target: Address, "Address that was pinged";
        scope: Prefix, "Routed prefix of the target";
        alive: Flag, "Whether the target is alive; false where its replies cannot be its own";
        by: Maybe(&OneOf(&[
            "icmp", "udp", "tcp-80-open", "tcp-80-refused", "tcp-443-open", "tcp-443-refused",
        ])), "Reply that shows it; empty where the target was silent";
        sent: Count,
            "Number of packets sent by the method that found it, or by all methods where none did";
        received: Count, "Number of replies to these that came in time";
        min_ms: Maybe(&Millis), "Lowest RTT";
        median_ms: Maybe(&Millis), "Median RTT";
        max_ms: Maybe(&Millis), "Highest RTT";
        jitter_ms: Maybe(&Millis),
            "Mean difference between the RTTs of two packets in a row that were both replied to";
        reply_ttl: Maybe(&Byte), "TTL with which the first reply arrived, where the system reports it";
        suspect: Maybe(&OneOf(&["alike", "distance"])),
            "Why the replies cannot be its own: they are alike for many targets, or their distance does not fit";
    }

    /// Who holds an address: one row for each address.
    OWNER OwnerRow "owner", by "lasthop owner" {
        address: Address, "Address that was looked up";
        class: Maybe(&Text), "Class of transit by its holder";
        carrier: Maybe(&Text), "Carrier that holds it, by its name in targets.toml";
        asn: Maybe(&Count), "Origin AS";
        as_name: Maybe(&Text), "Name of the origin AS";
        country: Maybe(&Country), "Country of the holder";
        country_of: Maybe(&OneOf(&["AS registration", "delegation", "location"])),
            "What the country is that of";
        source: Maybe(&OneOf(&SOURCES)), "Source that names the holder";
        range: Maybe(&Range), "Prefix or range for which the source says so";
        name: Maybe(&Text), "Name of the address in the DNS";
        remark: Maybe(&Text), "Further remarks: a special address, or one inside the block";
    }

    /// What changed between runs of a history: one row for each event, the oldest first.
    EVENTS EventRow "events", by "lasthop report, and bgp --events" {
        schema: Schema, "Version of these columns";
        event: OneOf(&[
            "outage-began", "outage-ended", "carrier-appeared", "carrier-vanished", "verdict-changed",
            "share-moved", "hosts-silent", "hosts-back", "unknown-upstream", "origin-changed",
            "foreign-more-specific", "rpki-invalid-began", "rpki-invalid-ended", "collector-gap",
        ]), "What changed; the last six are of BGP alone";
        not_before: Time,
            "It happened after this: the start of the last run before it; of BGP: the first message that shows it, \
             or where only tables show it, the last record before";
        not_after: Time, "It happened before this: the end of the first run that shows it";
        vantage: Label, "Where the packets left from; empty where nobody named it";
        method: Label,
            "icmp, udp, tcp, both (icmp and udp) or all; of traces made elsewhere, what they have with + between";
        scope: Prefix, "The block or a routed prefix";
        subject: Maybe(&Text), "The carrier that appeared or vanished, or the class whose share moved";
        verdict_before: Text, "Verdict of the runs before: a class, mixed, unknown or unreached";
        verdict_after: Text, "Verdict of the runs since";
        share_before: Maybe(&Share),
            "The share that changed, before: of the subject among the classified traces, of these among all \
             traces, or of the live targets among those pinged";
        share_after: Maybe(&Share), "The same share, after";
        counts_before: Maybe(&Text), "The counts behind it, before: name=count, semicolons between";
        counts_after: Maybe(&Text), "The same counts, after";
        run_before: Maybe(&Text), "The last run before it; empty where no row of BGP is older";
        run_after: Maybe(&Text), "The first run that shows it; empty where no row of BGP shows it";
        found_at: Time, "Start of the run with which it was certain";
        incident: Count,
            "Its number among what happened at once, from 1 for each vantage and method; events between the same two \
             times have the same. Where a history has BGP and traces, it is from 1 for all, and what both show has one", since 2;
        first_at: Maybe(&Time), "Of BGP: first message that shows it", since 2;
        at_rest: Maybe(&Time), "Of BGP: last message of it, before a minute without another", since 2;
        moved: Maybe(&Count), "Of BGP: number of AS of peers that moved", since 2;
        peers: Maybe(&Count), "Of BGP: number of AS of peers that count", since 2;
    }

    /// What each peer of a collector sends of the block: one row for each path, at each row of the summary.
    PEERS PeerRow "peers", by "lasthop bgp, --peers FILE" {
        schema: Schema, "Version of these columns";
        run_id: Text, "Identifier of the rows of the summary";
        at: Time, "When it was so";
        collector: Label, "The collector; empty where nobody named it";
        peer_as: Count, "AS of the peer";
        peer: Text, "Address of the peer, IPv4 or IPv6";
        kind: OneOf(&PEER_KINDS), "How much of the whole table the peer sends";
        table: Maybe(&Count), "Number of IPv4 prefixes that it sends; empty where the file does not show it";
        prefix: Maybe(&Prefix), "Prefix of the route; empty where the peer has none to the block";
        path_id: Maybe(&Count), "Number of the path, where the peer sends several";
        as_path: Maybe(&Text), "The path: numbers of AS, blanks between, sets in braces";
        origin: Maybe(&Count), "Origin AS; empty where the path ends in a set";
        upstream: Maybe(&Count), "AS next to the origin; empty where the path does not say it";
        carrier: Maybe(&Text), "Carrier that has this AS, by its name in targets.toml, else AS and its number";
        class: Text, "Class of transit: a configured class, other, unknown or unreached";
        rpki: Maybe(&OneOf(&RPKI)), "What the RPKI says of the route";
        since: Maybe(&Time), "Since when the peer has the route";
    }

    /// The messages of BGP that touch the block: one row for each prefix announced or withdrawn, and for each session's change.
    MESSAGES MessageRow "messages", by "lasthop bgp, --messages FILE" {
        schema: Schema, "Version of these columns";
        at: Time, "When the collector recorded it";
        collector: Label, "The collector; empty where nobody named it";
        peer_as: Count, "AS of the peer";
        peer: Text, "Address of the peer, IPv4 or IPv6";
        message: OneOf(&["announce", "withdraw", "session-up", "session-down"]), "What happened";
        prefix: Maybe(&Prefix), "The prefix";
        path_id: Maybe(&Count), "Number of the path, where the peer sends several";
        as_path: Maybe(&Text), "The path: numbers of AS, blanks between, sets in braces";
        origin: Maybe(&Count), "Origin AS; empty where the path ends in a set";
        upstream: Maybe(&Count), "AS next to the origin; empty where the path does not say it";
        carrier: Maybe(&Text), "Carrier that has this AS, by its name in targets.toml, else AS and its number";
    }

    /// Two runs side by side: one row for each scope that either of them traced.
    DIFF DiffRow "diff", by "lasthop report --diff RUN RUN" {
        schema: Schema, "Version of these columns";
        scope: Prefix, "The block or a routed prefix";
        run_first: Text, "Identifier of the first run";
        run_second: Text, "Identifier of the second run";
        started_first: Time, "When the first run began";
        started_second: Time, "When the second run began";
        vantage_first: Label, "Where the packets of the first run left from; empty where nobody named it";
        vantage_second: Label, "Where those of the second run left from";
        method_first: Label, "Method of the first run, as in the summary";
        method_second: Label, "Method of the second run";
        traces_first: Maybe(&Count),
            "Number of traces that the first run made of the scope, of BGP the AS of peers; empty where it made none";
        traces_second: Maybe(&Count), "The same of the second run";
        counts [
            "_first": "Number of traces of class {class} in the first run",
            "_second": "The same in the second run"
        ]: Maybe(&Count);
        shares [
            "_share_first": "Share of {class} among the classified traces of the first run",
            "_low_first": "Lower limit of its 95 % interval",
            "_high_first": "Upper limit of its 95 % interval",
            "_share_second": "Share of {class} among the classified traces of the second run",
            "_low_second": "Lower limit of its 95 % interval",
            "_high_second": "Upper limit of its 95 % interval"
        ]: Maybe(&Share);
        other_first: Maybe(&Count), "Number of traces that enter through somebody of no configured class, in the first run";
        other_second: Maybe(&Count), "The same in the second run";
        unknown_first: Maybe(&Count), "Number of traces whose border cannot be attributed, in the first run";
        unknown_second: Maybe(&Count), "The same in the second run";
        unreached_first: Maybe(&Count), "Number of traces that ended before any carrier in question, in the first run";
        unreached_second: Maybe(&Count), "The same in the second run";
        verdict_first: Maybe(&Text), "Verdict of the first run";
        verdict_second: Maybe(&Text), "Verdict of the second run";
        carriers_first: Maybe(&Text), "Holders of the last foreign hops in the first run: name=count, semicolons between";
        carriers_second: Maybe(&Text), "The same in the second run";
        last_hops_first: Maybe(&Count), "Number of different last foreign hops in the first run";
        last_hops_second: Maybe(&Count), "The same in the second run";
        rtt_ms_first: Maybe(&Millis), "Median RTT of the last foreign hop in the first run";
        rtt_ms_second: Maybe(&Millis), "The same in the second run";
        complete_first: Maybe(&Flag), "Whether the first run came to its own end";
        complete_second: Maybe(&Flag), "Whether the second run did";
        differs: Maybe(&Text),
            "What differs beyond its 95 % intervals, semicolons between: classes, other, unknown, unreached, verdict, \
             carrier:NAME; empty where nothing does, or where one of the runs did not trace the scope";
    }

    /// How things are: one row for each vantage, method and scope of a history.
    STATE StateRow "state", by "lasthop report --show state" {
        schema: Schema, "Version of these columns";
        run_id: Text, "Identifier of the newest run";
        started_at: Time, "When it began";
        ended_at: Time, "When it ended";
        complete: Flag,
            "False when it was interrupted, ran out of time, or could not send what it meant to";
        vantage: Label, "Where the packets left from; empty where nobody named it";
        method: Label,
            "icmp, udp, tcp, both (icmp and udp) or all; of traces made elsewhere, what they have with + between";
        scope: Prefix, "The block or a routed prefix";
        verdict: Text,
            "Verdict of the runs together, not swayed by single traces: a class, mixed, unknown or unreached";
        since: Maybe(&Time),
            "End of the first run with this verdict; empty where it has held since the first run of all";
        shares [
            "_share": "Share of {class} among the classified traces; the block weighs its prefixes equally",
            "_low": "Lower limit of its 95 % interval",
            "_high": "Upper limit of its 95 % interval"
        ]: Maybe(&Share);
        carriers: Maybe(&Text), "Carriers that are there: name=count, semicolons between, most first";
        carriers_since: Maybe(&Text),
            "Since when, for carriers that appeared after the first run: name=time, semicolons between";
        redundancy: Count, "Number of carriers that would have to fail before nothing is reached";
        traces: Count, "Number of traces of the newest run that classified any";
        classified: Count, "Number of them that were classified";
        rtt_ms: Maybe(&Millis), "Median RTT of the last foreign hop";
        pinged: Maybe(&Count), "Number of targets pinged in the newest run that pinged any";
        alive: Maybe(&Count), "Number of them that are alive";
        runs: Count, "Number of runs in the history";
        first_run_at: Time, "When the first of them began";
    }
}
