// What the drivers in Node.js share: calls as JSON lines on standard input, answers on standard output; consumers that are
// pushed to, whose records wait in a buffer until they are polled; sending and reading in the background.
"use strict";

const readline = require("node:readline");

const pack = (data) => (data === null || data === undefined ? null : Buffer.from(data).toString("base64"));
// Of nothing, but not from nowhere: @confluentinc/kafka-javascript writes a Buffer without any memory as null.
const EMPTY = Buffer.alloc(1).subarray(0, 0);
const unpack = (text) => (text === null ? null : text === "" ? EMPTY : Buffer.from(text, "base64"));
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

function told(error) {
  const cause = error.originalError ?? error.cause ?? error;
  return { name: error.name, message: String(error.message), code: cause.code ?? error.code ?? null };
}

// Headers are grouped by their name: several values of one name are one array.
function headersOf(pairs) {
  const headers = {};
  for (const [name, value] of pairs) {
    if (!(name in headers)) headers[name] = unpack(value);
    else headers[name] = [].concat(headers[name], unpack(value));
  }
  return headers;
}

const messageOf = (record) => ({
  key: unpack(record.k),
  value: unpack(record.v),
  headers: headersOf(record.h),
  ...(record.p === null ? {} : { partition: record.p }),
  ...(record.ts === null ? {} : { timestamp: String(record.ts) }),
});

const shown = (topic, partition, message) => [
  topic,
  partition,
  Number(message.offset),
  pack(message.key),
  pack(message.value),
  Object.entries(message.headers ?? {}).flatMap(([name, value]) => [].concat(value).map((one) => [name, pack(one)])),
  Number(message.timestamp),
];

// What an object of a class has, inherited too.
function namesOf(object) {
  const names = [];
  for (let at = object; at !== Object.prototype; at = Object.getPrototypeOf(at)) {
    names.push(...Object.getOwnPropertyNames(at));
  }
  return names;
}

function grouped(parts) {
  const topics = {};
  for (const [topic, partition] of parts) (topics[topic] ??= []).push(partition);
  return Object.entries(topics).map(([topic, partitions]) => ({ topic, partitions }));
}

// Work that goes on between the calls until it is stopped.
class Background {
  constructor(work) {
    this.stopping = false;
    this.events = [];
    this.sent = 0;
    this.error = null;
    this.done = work(this).catch((error) => (this.error = error));
  }

  // Throws what ended the work early, which would else look like standing still.
  soFar() {
    if (this.error !== null) throw this.error;
    return this.events;
  }

  async end() {
    this.stopping = true;
    await this.done;
    return this.soFar();
  }
}

// A consumer with what it has fetched and what was said to it.
class Held {
  constructor() {
    this.consumer = null;
    this.batches = [];
    this.events = [];
    this.assigned = [];
    this.owned = {};
    this.read = {};
    this.joins = 0;
    this.closing = false;
  }

  // A record counts as read, for its own commits too, when it is polled.
  async keep({ batch, resolveOffset, heartbeat, isRunning, isStale }) {
    const { topic, partition, messages } = batch;
    const kept = { topic, partition, messages: [...messages], resolveOffset, dropped: false };
    this.batches.push(kept);
    try {
      while (kept.messages.length && !kept.dropped && !this.closing && isRunning() && !isStale()) {
        await heartbeat();
        await sleep(10);
      }
    } finally {
      this.batches.splice(this.batches.indexOf(kept), 1);
    }
  }

  // What was fetched and not polled is fetched again.
  drop(concerns) {
    for (const kept of this.batches.filter(concerns)) {
      kept.dropped = true;
      kept.messages.length = 0;
    }
  }

  dropParts(parts) {
    this.drop((kept) => parts.some(([topic, partition]) => kept.topic === topic && kept.partition === partition));
  }

  async poll(timeoutMs, most) {
    const deadline = Date.now() + timeoutMs;
    let kept;
    while (!(kept = this.batches.find((one) => one.messages.length)) && Date.now() < deadline) await sleep(5);
    if (!kept) return [];
    const { topic, partition } = kept;
    const taken = kept.messages.splice(0, most);
    const last = taken[taken.length - 1];
    kept.resolveOffset(last.offset);
    this.read[`${topic}/${partition}`] = [topic, partition, Number(last.offset) + 1];
    return taken.map((message) => shown(topic, partition, message));
  }
}

// Each method of these that has a name of the vocabulary answers to that call.

// Sending in the background. A subclass says in the library's words:
//   newProducer(settings): a connected producer
//   sendOne(producer, topic, message): [partition, offset]
//   sendsAtOnce: whether it keeps the order of sends that are on their way together
//   produce({ topic, records, settings })
class Producing {
  constructor(kafka) {
    this.kafka = kafka;
    this.loads = {};
  }

  start_load({ name, topic, partitions, interval_ms, settings }) {
    this.loads[name] = new Background((load) => this.load(load, topic, partitions, interval_ms, settings));
  }

  async load(load, topic, partitions, intervalMs, settings) {
    const producer = await this.newProducer(settings);
    const waiting = [];
    while (!load.stopping) {
      const number = load.sent++;
      const message = { value: String(number), partition: number % partitions };
      const answer = this.sendOne(producer, topic, message)
        .catch(told)
        .then((place) => load.events.push([number, place, Date.now() / 1000]));
      if (this.sendsAtOnce) waiting.push(answer);
      else await answer;
      await sleep(intervalMs);
    }
    await Promise.all(waiting);
    await producer.disconnect();
  }

  load_count({ name }) {
    return this.loads[name].soFar().length;
  }

  async stop_load({ name }) {
    const load = this.loads[name];
    const answers = await load.end();
    return { sent: load.sent, answers };
  }
}

// Reading in groups. A subclass says in the library's words:
//   run(held, given): connect, subscribe and consume
//   commit({ name, offsets }), committed({ name, topic, partition })
//   isTaken(name, ends): whether a commit that has returned was answered well
class Consuming {
  constructor(kafka, administration) {
    this.kafka = kafka;
    this.administration = administration;
    this.consumers = {};
    this.readings = {};
  }

  async open({ name, ...given }) {
    const held = (this.consumers[name] = new Held());
    await this.run(held, given);
  }

  poll({ name, timeout_ms, most }) {
    return this.consumers[name].poll(timeout_ms, most);
  }

  rebalances({ name }) {
    return this.consumers[name].events;
  }

  assignment({ name }) {
    return this.consumers[name].assigned;
  }

  async seek({ name, topic, partition, to }) {
    let offset = to;
    if (typeof to === "string") {
      const [low, high] = await this.administration.ends({ topic, partition });
      offset = to === "beginning" ? low : high;
    }
    const held = this.consumers[name];
    held.consumer.seek({ topic, partition, offset: String(offset) });
    held.dropParts([[topic, partition]]);
  }

  pause({ name, parts }) {
    const held = this.consumers[name];
    held.consumer.pause(grouped(parts));
    held.dropParts(parts);
  }

  resume({ name, parts }) {
    this.consumers[name].consumer.resume(grouped(parts));
  }

  async close({ name }) {
    const held = this.consumers[name];
    delete this.consumers[name];
    held.closing = true;
    await held.consumer.disconnect();
  }

  async isTaken() {
    return true;
  }

  // -- reading in the background: each batch is committed before the next

  async start_reading({ name, topics, settings }) {
    await this.open({ name, topics, pattern: null, settings });
    this.readings[name] = new Background((reading) => this.readOn(reading, name));
  }

  async readOn(reading, name) {
    while (!reading.stopping) {
      const { joins } = this.consumers[name];
      const records = await this.poll({ name, timeout_ms: 500, most: 500 });
      const ends = {};
      for (const [topic, partition, offset] of records) {
        reading.events.push(["read", partition, offset]);
        ends[partition] = [topic, partition, offset + 1];
      }
      if (records.length) await this.commitRead(reading, name, joins, Object.values(ends));
    }
    await this.close({ name });
  }

  async commitRead(reading, name, joins, ends) {
    try {
      await this.commit({ name, offsets: ends });
      const taken = await this.isTaken(name, ends);
      // A member that joined anew meanwhile may have asked for its place before this commit or after it.
      const kind = taken && this.consumers[name].joins === joins ? "committed" : "perhaps";
      for (const [, partition, offset] of ends) reading.events.push([kind, partition, offset]);
    } catch (error) {
      reading.events.push(["refused", error.name, String(error.message)]);
    }
  }

  read_ends({ name }) {
    const read = this.readings[name].soFar().filter(([kind]) => kind === "read");
    return Object.fromEntries(read.map(([, partition, offset]) => [partition, offset + 1]));
  }

  stop_reading({ name }) {
    return this.readings[name].end();
  }
}

// A call is answered by the first part that has it.
async function serve(...parts) {
  // The library's own prints must not come between the answers.
  console.log = console.info = console.debug = console.error;
  for await (const line of readline.createInterface({ input: process.stdin })) {
    const { call, ...given } = JSON.parse(line);
    let reply;
    try {
      const part = parts.find((one) => call in one) ?? parts[0];
      reply = { ok: (await part[call](given)) ?? null };
    } catch (error) {
      reply = { error: told(error) };
    }
    process.stdout.write(`${JSON.stringify(reply)}\n`);
  }
  process.exit(0);
}

module.exports = { Consuming, Producing, messageOf, namesOf, serve, told };
