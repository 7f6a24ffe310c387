// The range assignor for KafkaJS, which brings round robin only and takes others: by this name all other libraries know it.
"use strict";

const { AssignerProtocol } = require("kafkajs");

const { MemberAssignment, MemberMetadata } = AssignerProtocol;
const version = 0;

// A run of partitions for each member, in the order of their ids; the first have one more when it does not come out even.
function share(topic, partitions, members, assignments) {
  const each = Math.floor(partitions.length / members.length);
  const more = partitions.length % members.length;
  members.forEach(({ memberId }, at) => {
    const first = at * each + Math.min(at, more);
    assignments[memberId][topic] = partitions.slice(first, first + each + (at < more ? 1 : 0));
  });
}

const range = ({ cluster }) => ({
  name: "range",
  version,

  protocol({ topics }) {
    return { name: "range", metadata: MemberMetadata.encode({ version, topics }) };
  },

  // It tells every member, those without partitions too: Java's cannot read an answer that is empty.
  async assign({ members, topics }) {
    const ordered = [...members].sort((one, other) => (one.memberId < other.memberId ? -1 : 1));
    const assignments = Object.fromEntries(ordered.map(({ memberId }) => [memberId, {}]));
    for (const topic of topics) {
      const wanting = ordered.filter((one) => MemberMetadata.decode(one.memberMetadata).topics.includes(topic));
      const partitions = cluster.findTopicPartitionMetadata(topic).map((one) => one.partitionId);
      share(topic, partitions.sort((one, other) => one - other), wanting, assignments);
    }
    return ordered.map(({ memberId }) => ({
      memberId,
      memberAssignment: MemberAssignment.encode({ version, assignment: assignments[memberId] }),
    }));
  },
});

module.exports = { range };
