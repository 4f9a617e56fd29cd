"""Traces, decoded with Perfetto's published definitions and compared with the recording that they were made of."""

from collections import Counter

from perfetto.protos.perfetto.trace.perfetto_trace_pb2 import Trace, TrackEvent

from recording import of_type, plain, records


def checks(documents):
    for name in ["night", "quiet", "cut"]:
        recording, trace = documents / f"{name}.ndjson", documents / f"{name}.pftrace"
        yield f"{trace.name} by Perfetto's definitions", lambda trace=trace: decode(trace)
        yield f"{trace.name}: every event on a track that was described", lambda trace=trace: tracks(trace)
        yield f"{trace.name}: the samples' values", lambda r=recording, t=trace: values(r, t)
        yield f"{trace.name}: an instant for each kill", lambda r=recording, t=trace: kills(r, t)
    yield "both.pftrace by Perfetto's definitions", lambda: decode(documents / "both.pftrace")


def decode(file):
    trace = Trace()
    trace.ParseFromString(file.read_bytes())
    assert trace.packet, "no packet"
    assert trace.IsInitialized()
    for packet in trace.packet:
        unknown = unknown_fields(packet)
        assert not unknown, f"fields that the definitions do not have: {unknown}"
    return trace


def unknown_fields(message):
    from google.protobuf import unknown_fields as unknown

    found = [field.field_number for field in unknown.UnknownFieldSet(message)]
    for field, value in message.ListFields():
        if field.message_type:
            for inner in value if field.is_repeated else [value]:
                found += unknown_fields(inner)
    return found


def described(trace):
    return {packet.track_descriptor.uuid: packet.track_descriptor for packet in trace.packet if packet.HasField("track_descriptor")}


def tracks(file):
    seen = set()
    for packet in decode(file).packet:
        if packet.HasField("track_descriptor"):
            track = packet.track_descriptor
            assert track.uuid not in seen, f"track {track.uuid} twice"
            assert not track.parent_uuid or track.parent_uuid in seen, f"the parent of {track.name} comes later"
            seen.add(track.uuid)
        else:
            assert packet.track_event.track_uuid in seen, packet
            assert packet.timestamp > 0, packet
            assert packet.trusted_packet_sequence_id > 0, packet


def counters(trace):
    """(name, time): value of all counters."""
    names = described(trace)
    events = [packet for packet in trace.packet if packet.track_event.type == TrackEvent.TYPE_COUNTER]
    for packet in events:
        track = names[packet.track_event.track_uuid]
        assert track.counter.unit == track.counter.UNIT_SIZE_BYTES, track
        yield (track.name, packet.timestamp), packet.track_event.counter_value


def values(recording, file):
    found = Counter()
    for (name, time), value in counters(decode(file)):
        found[(time, value)] += 1
    samples = of_type(recording, "sample")
    assert len(samples) == 30, len(samples)
    for sample in samples:
        time, system = sample["boottime_ns"], sample["system"]
        expected = [system["mem_total_bytes"] - system["mem_available_bytes"]]
        expected += [cgroup["usage_bytes"] for cgroup in sample["cgroups"]]
        expected += [cgroup["limit_bytes"] for cgroup in sample["cgroups"] if "limit_bytes" in cgroup]
        expected += [process["bytes"] for process in sample["processes"]]
        for value in expected:
            assert found[(time, value)] > 0, f"{value} at {time} is no value of a counter"
    names = {track.name for track in described(decode(file)).values()}
    for path in {plain(cgroup["path"]) for sample in samples for cgroup in sample["cgroups"]}:
        if path.isprintable():
            assert f"cgroup {path}" in names, names


def kills(recording, file):
    trace = decode(file)
    instants = [packet for packet in trace.packet if packet.track_event.type == TrackEvent.TYPE_INSTANT]
    times = {packet.timestamp for packet in instants}
    expected = [record for record in records(recording) if record["type"] == "oom_kill"]
    for kill in expected:
        assert kill["boottime_ns"] in times, f"no instant at {kill['boottime_ns']}, when {kill['id']} was"
    names = Counter(packet.track_event.name.split(":")[0].split(" ")[0] for packet in instants)
    assert bool(instants) == bool(expected), names
    for packet in instants:
        assert all(character.isprintable() for character in packet.track_event.name), packet.track_event.name
