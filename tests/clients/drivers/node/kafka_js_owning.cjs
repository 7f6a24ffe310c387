// The member's part of the cooperative protocol for KafkaJS, which takes assigners and has none with that protocol: a member
// says when it joins what it owns (KIP-429). Another member leads the group and assigns.
"use strict";

const { AssignerProtocol } = require("kafkajs");

const version = 1;

function string(text) {
  const bytes = Buffer.from(text);
  const length = Buffer.alloc(2);
  length.writeInt16BE(bytes.length);
  return Buffer.concat([length, bytes]);
}

function int32(number) {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(number);
  return bytes;
}

const array = (items) => Buffer.concat([int32(items.length), ...items]);

// What version 1 of a subscription has more than version 0: [topic, partitions].
const ownedPartitions = (owned) =>
  array(Object.entries(owned).map(([topic, partitions]) => Buffer.concat([string(topic), array(partitions.map(int32))])));

const owning = (owned) => () => ({
  name: "cooperative-sticky",
  version,

  protocol({ topics }) {
    const metadata = AssignerProtocol.MemberMetadata.encode({ version, topics });
    return { name: "cooperative-sticky", metadata: Buffer.concat([metadata, ownedPartitions(owned())]) };
  },
});

module.exports = { owning };
