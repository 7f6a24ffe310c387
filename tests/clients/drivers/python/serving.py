"""What every driver written in Python shares: calls as JSON lines on standard input, answers on standard output.

Runs in the interpreter of the library under test, so it needs nothing but Python. The vocabulary is
what `Driver` here, `confluent.py` and `confluent_admin.py` answer to.
"""

import base64
import json
import sys
import threading
import time


class ClientError(Exception):
    """What the library raised: Kafka's code where it tells one."""

    def __init__(self, name, message, code=None):
        super().__init__(message)
        self.answer = {"name": name, "message": message, "code": code}


def pack(data):
    return None if data is None else base64.b64encode(data).decode()


def unpack(text):
    return None if text is None else base64.b64decode(text)


class Driver:
    """Calls of a library that blocks. A subclass has the library's own: its producers and consumers."""

    def __init__(self, bootstrap):
        self.bootstrap = bootstrap
        self.consumers = {}
        self.loads = {}
        self.readings = {}

    # -- what a subclass says in the library's words

    def new_producer(self, settings):
        raise NotImplementedError

    def send(self, producer, topic, record, done):
        """Send without waiting; `done(partition, offset, error)` comes once, with a ClientError or None."""
        raise NotImplementedError

    def finish(self, producer):
        """Wait until everything is answered, and close."""
        raise NotImplementedError

    # -- producing

    def produce(self, topic, records, settings):
        answers = [None] * len(records)

        def keep(index):
            def done(partition, offset, error):
                answers[index] = error.answer if error else [partition, offset]

            return done

        producer = self.new_producer(settings)
        try:
            for index, record in enumerate(records):
                self.send(producer, topic, record, keep(index))
        finally:
            self.finish(producer)
        return answers

    def start_load(self, name, topic, partitions, interval_ms, settings):
        self.loads[name] = Background(lambda load: self._load(load, topic, partitions, interval_ms, settings))

    def _load(self, load, topic, partitions, interval_ms, settings):
        producer = self.new_producer(settings)
        sent = 0
        while not load.stopping.is_set():
            self._send_numbered(load, producer, topic, sent, sent % partitions)
            sent += 1
            time.sleep(interval_ms / 1000)
        self.finish(producer)
        return sent

    def _send_numbered(self, load, producer, topic, number, partition):
        def done(told_partition, offset, error):
            load.events.append([number, error.answer if error else [told_partition, offset], time.time()])

        record = {"k": None, "v": pack(b"%d" % number), "h": [], "p": partition, "ts": None}
        self.send(producer, topic, record, done)

    def load_count(self, name):
        return len(self.loads[name].so_far())

    def stop_load(self, name):
        load = self.loads.pop(name)
        return {"sent": load.end(), "answers": load.events}

    # -- reading in the background: each batch is committed before the next

    def start_reading(self, name, topics, settings):
        self.open(name, topics, None, settings)
        self.readings[name] = Background(lambda reading: self._read(reading, name))

    def _read(self, reading, name):
        while not reading.stopping.is_set():
            records = self.poll(name, 500, 500)
            reading.events += [["read", record[1], record[2]] for record in records]
            if records:
                self._commit_read(reading, name, records)
        self.close(name)

    def _commit_read(self, reading, name, records):
        ends = {}
        for record in records:
            ends[(record[0], record[1])] = record[2] + 1
        try:
            self.commit(name, [[topic, partition, offset] for (topic, partition), offset in ends.items()])
            reading.events += [["committed", partition, offset] for (_, partition), offset in ends.items()]
        except Exception as error:
            reading.events.append(["refused", type(error).__name__, str(error)])

    def read_ends(self, name):
        return ends_of(self.readings[name].so_far())

    def stop_reading(self, name):
        reading = self.readings.pop(name)
        reading.end()
        return reading.events


def ends_of(events):
    """Partition -> the offset after the last that was read."""
    return {str(event[1]): event[2] + 1 for event in list(events) if event[0] == "read"}


class Background:
    """Work in a thread of its own until it is stopped."""

    def __init__(self, work):
        self.stopping = threading.Event()
        self.events = []
        self._work = work
        self._result = None
        self._error = None
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self):
        try:
            self._result = self._work(self)
        except BaseException as error:
            self._error = error

    def so_far(self):
        """The events up to now; raises what ended the work early, which would else look like standing still."""
        if self._error is not None:
            raise self._error
        return self.events

    def end(self):
        self.stopping.set()
        self._thread.join()
        if self._error is not None:
            raise self._error
        return self._result


def answer(call, invoke, describe):
    """The answer to one call, as it is printed."""
    name, arguments = call.pop("call"), call
    try:
        return {"ok": invoke(name, arguments)}
    except ClientError as error:
        return {"error": error.answer}
    except Exception as error:
        return {"error": describe(error)}


def told(error):
    """The answer for an exception of any library in which Kafka's code is an attribute."""
    for attribute in ("errno", "code"):
        code = getattr(error, attribute, None)
        if isinstance(code, int):
            return {"name": type(error).__name__, "message": str(error), "code": code}
    return {"name": type(error).__name__, "message": str(error), "code": None}


def answering(parts, name):
    """The call of this name, by the first part that has it."""
    return getattr(next((part for part in parts if hasattr(part, name)), parts[0]), name)


def serve(*parts, describe=told):
    # The library's own prints must not come between the answers.
    answers, sys.stdout = sys.stdout, sys.stderr
    for line in sys.stdin:
        reply = answer(json.loads(line), lambda name, arguments: answering(parts, name)(**arguments), describe)
        print(json.dumps(reply), file=answers, flush=True)
