"""The fleet's tables, for SQLite and PostgreSQL alike.

Instants are seconds since 1970 in UTC, in columns that end in `_s`; `local_day` and `local_hour` are those of the
shop's own clock, so that a question about Saturdays at five needs no arithmetic with time zones. `messages` has every
message as it came and nobody alters it; the `hour*` tables are the same numbers in columns, made again from it.
"""

from typing import Final

from sqlalchemy import (
    BigInteger,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    String,
    Table,
    Text,
)

from edge_agent.terms import AgeBand, Sex

VERSION: Final = 1
"""Of these tables. A store of another version is not opened."""

metadata = MetaData()

about = Table(
    "about",
    metadata,
    Column("key", String(40), primary_key=True),
    Column("value", Text, nullable=False),
)

sites = Table(
    "sites",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("tenant", String(63), nullable=False),
    Column("site", String(63), nullable=False),
    Column("name", Text, comment="For people; null: the site's own."),
    Column("region", Text),
    Index("sites_key", "tenant", "site", unique=True),
)

devices = Table(
    "devices",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("site_id", ForeignKey("sites.id"), nullable=False),
    Column("tenant", String(63), nullable=False),
    Column("site", String(63), nullable=False),
    Column("device", String(63), nullable=False),
    Column(
        "epoch", String(16), comment="Of its present outbox, as far as known: only that one's watermark is published."
    ),
    Column("admitted_s", BigInteger, comment="Since when its messages are stored; null: they wait in quarantine."),
    Column("first_seen_s", BigInteger),
    Column("last_seen_s", BigInteger, comment="Of any message, by the fleet's own clock."),
    Column("state", Text, comment="The newest base/state as it came."),
    Column("state_s", BigInteger),
    Column("health", Text, comment="The newest base/health as it came."),
    Column("health_s", BigInteger),
    Column("privacy", Text, comment="The newest base/privacy as it came."),
    Column("privacy_s", BigInteger),
    Index("devices_key", "tenant", "site", "device", unique=True),
)

messages = Table(
    "messages",
    metadata,
    Column("device_id", ForeignKey("devices.id"), primary_key=True),
    Column("epoch", String(16), primary_key=True),
    Column("seq", BigInteger, primary_key=True),
    Column("leaf", String(16), nullable=False, comment="counts or hours"),
    Column("received_s", BigInteger, nullable=False),
    Column("start_s", BigInteger, nullable=False),
    Column("payload", Text, comment="As it came; null once the retention has passed: the key stays."),
    Column(
        "hash", LargeBinary(32), nullable=False, comment="SHA-256 of the payload: what the next one's prev_hash says."
    ),
    Column("prev_hash", LargeBinary(32), nullable=False),
    Column("camera", String(63), comment="These three for the frontier, which looks at every window once, in order."),
    Column("end_s", BigInteger),
    Column("clock", String(16)),
    Index("messages_received", "received_s"),
)

watermarks = Table(
    "watermarks",
    metadata,
    Column("device_id", ForeignKey("devices.id"), primary_key=True),
    Column("epoch", String(16), primary_key=True),
    Column("seq", BigInteger, nullable=False, comment="All up to here are stored, or known to be lost."),
    Column("hash", LargeBinary(32), comment="Of that message; null where it is lost."),
    Column("published_seq", BigInteger, comment="Of the last base/ack that the broker took."),
    Column("ends", Text, comment="JSON: per leaf and camera when the last window ended, and what its clock was like."),
)

arrivals = Table(
    "arrivals",
    metadata,
    Column("device_id", Integer, nullable=False),
    Column("epoch", String(16), comment="Null: something else than a window."),
    Column("seen_s", BigInteger, nullable=False),
    Column("again", SmallInteger, nullable=False, comment="1: the device should be told its watermark again."),
)
"""What the workers tell the one that advances the watermarks; it takes the rows out. Only ever added to by others, so
that workers do not wait for each other's locks."""

_SEXES = [Column(f"sex_{word}", Integer, comment="Null: suppressed or switched off.") for word in Sex]
_AGES = [Column(f"age_{word}", Integer) for word in AgeBand]

hours = Table(
    "hours",
    metadata,
    Column("device_id", ForeignKey("devices.id"), primary_key=True),
    Column("epoch", String(16), primary_key=True),
    Column("seq", BigInteger, primary_key=True),
    Column("start_s", BigInteger, primary_key=True, autoincrement=False),  # TimescaleDB wants its column in the key
    Column("end_s", BigInteger, nullable=False),
    Column("site_id", ForeignKey("sites.id"), nullable=False),
    Column("camera", String(63), nullable=False),
    Column("tz", String(64), nullable=False, comment="IANA zone of the shop's clock"),
    Column("local_day", String(10), nullable=False, comment="2026-11-29, by the shop's clock"),
    Column(
        "local_hour", SmallInteger, nullable=False, comment="0 to 23; on the day the clock goes back one is there twice"
    ),
    Column("open_s", Integer, nullable=False),
    Column("expected_s", Integer, nullable=False),
    Column("observed_s", Integer, nullable=False),
    Column(
        "open_missing_s", Integer, nullable=False, comment="Not observed, of open_s: at most what is missing at all."
    ),
    Column("entered", Integer, nullable=False, comment="In, over all door lines."),
    Column("left", Integer, nullable=False, comment="Out, over all door lines."),
    Column("passed", Integer, comment="In front of the shop; null without a pass-by line."),
    Column("captured", Integer, comment="Of these came in."),
    Column("inside_presence_s", BigInteger, comment="Integral of the people inside; null without a door line."),
    Column("inside_max", Integer),
    Column("frames", Integer, nullable=False),
    Column("lost_messages", Integer, nullable=False),
    Column("clock", String(16), nullable=False),
    Column("quality", Text, nullable=False, comment="Words with a space between them."),
    Column("visitors", Integer, comment="Whose track ended; null: suppressed or switched off."),
    *_SEXES,
    *_AGES,
    Column("female_milli", SmallInteger, comment="Corrected share of women among the read, thousandths."),
    Column("female_low_milli", SmallInteger),
    Column("female_high_milli", SmallInteger),
    Column("age_shares", Text, comment="JSON: band to [share, low, high], thousandths; null without."),
    Column("reader", String(16), comment="Hash of the network that read the visitors."),
    Column("suppressed", SmallInteger, comment="Cells that are null; null: switched off."),
    Column("k", SmallInteger),
    Column("model", String(16), nullable=False),
    Column("geometry", String(16), nullable=False),
    Column("config", String(16), nullable=False),
    Index("hours_site_day", "site_id", "local_day"),
    Index("hours_day", "local_day"),
    Index("hours_device_start", "device_id", "start_s"),
)

_OF_HOUR = (
    ("device_id", Integer),
    ("epoch", String(16)),
    ("seq", BigInteger),
    ("start_s", BigInteger),
)


def _of_hour() -> list[Column[object]]:
    """The key of an hour, in a table that has several rows for each."""
    return [Column(name, kind, primary_key=True, autoincrement=False) for name, kind in _OF_HOUR]


hour_gaps = Table(
    "hour_gaps",
    metadata,
    *_of_hour(),
    Column("cause", String(24), primary_key=True),
    Column("s", Integer, nullable=False),
)

hour_lines = Table(
    "hour_lines",
    metadata,
    *_of_hour(),
    Column("line", String(63), primary_key=True),
    Column("role", String(16), nullable=False),
    Column("in_count", Integer, nullable=False),
    Column("out_count", Integer, nullable=False),
    Column("in_low", Integer, comment="95 % interval; null until somebody has audited the device."),
    Column("in_high", Integer),
    Column("out_low", Integer),
    Column("out_high", Integer),
    Index("hour_lines_start", "start_s"),  # a day of all devices, without reading the year
)

hour_zones = Table(
    "hour_zones",
    metadata,
    *_of_hour(),
    Column("zone", String(63), primary_key=True),
    Column("presence_s", BigInteger, nullable=False),
    Column("min", Integer),
    Column("mean_milli", Integer),
    Column("max", Integer),
    Column("stays", Integer, nullable=False),
    Column("dwell", Text, nullable=False, comment="Stays per dwell bin (message.DWELL_EDGES_S), a space between them."),
    Index("hour_zones_start", "start_s"),
)

day_visitors = Table(
    "day_visitors",
    metadata,
    Column("device_id", ForeignKey("devices.id"), primary_key=True),
    Column("camera", String(63), primary_key=True),
    Column("local_day", String(10), primary_key=True),
    Column("site_id", ForeignKey("sites.id"), nullable=False),
    Column("demographics", Text, nullable=False, comment="JSON as in the message that ended the day."),
    Index("day_visitors_site", "site_id", "local_day"),
)
"""The tables of whole days: more people in each cell, so fewer of them hidden."""

problems = Table(
    "problems",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("device_id", ForeignKey("devices.id"), nullable=False),
    Column("kind", String(24), nullable=False, comment="lost, missing, chain, silent, clock, epoch, future"),
    Column("noticed_s", BigInteger, nullable=False),
    Column("over_s", BigInteger, comment="Since when it is over; null while it lasts."),
    Column("epoch", String(16)),
    Column("first_seq", BigInteger),
    Column("last_seq", BigInteger),
    Column("detail", Text, nullable=False),
    Index("problems_device", "device_id", "noticed_s"),
)

dead_letters = Table(
    "dead_letters",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("received_s", BigInteger, nullable=False),
    Column("topic", Text, nullable=False),
    Column("reason", String(16), nullable=False, comment="One of ingest.reading.Reason."),
    Column("detail", Text, comment="What exactly, for people."),
    Column("bytes", Integer, nullable=False),
    Column(
        "hash", LargeBinary(32), nullable=False, comment="Of the payload, so that a redelivery is no second letter."
    ),
    Column("payload", LargeBinary, nullable=False, comment="Its first 64 kB."),
    Index("dead_letters_key", "topic", "hash", unique=True),
)

quarantine = Table(
    "quarantine",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("device_id", ForeignKey("devices.id"), nullable=False),
    Column("received_s", BigInteger, nullable=False),
    Column("topic", Text, nullable=False),
    Column("hash", LargeBinary(32), nullable=False),
    Column("payload", LargeBinary, nullable=False),
    Index("quarantine_key", "device_id", "topic", "hash", unique=True),
)
