"""What Apache Kafka 4.3.1 answers to DescribeConfigs, recorded from a running broker."""

# name | type | default | the broker configuration it follows (-: none that is set by default)
TOPIC_CONFIGS = """
cleanup.policy | list | delete | log.cleanup.policy
compression.gzip.level | int | -1 | compression.gzip.level
compression.lz4.level | int | 9 | compression.lz4.level
compression.type | string | producer | compression.type
compression.zstd.level | int | 3 | compression.zstd.level
delete.retention.ms | long | 86400000 | log.cleaner.delete.retention.ms
file.delete.delay.ms | long | 60000 | log.segment.delete.delay.ms
flush.messages | long | 9223372036854775807 | log.flush.interval.messages
flush.ms | long | 9223372036854775807 | -
follower.replication.throttled.replicas | list | (empty) | -
index.interval.bytes | int | 4096 | log.index.interval.bytes
leader.replication.throttled.replicas | list | (empty) | -
local.retention.bytes | long | -2 | log.local.retention.bytes
local.retention.ms | long | -2 | log.local.retention.ms
max.compaction.lag.ms | long | 9223372036854775807 | log.cleaner.max.compaction.lag.ms
max.message.bytes | int | 1048588 | message.max.bytes
message.timestamp.after.max.ms | long | 3600000 | log.message.timestamp.after.max.ms
message.timestamp.before.max.ms | long | 9223372036854775807 | log.message.timestamp.before.max.ms
message.timestamp.type | string | CreateTime | log.message.timestamp.type
min.cleanable.dirty.ratio | double | 0.5 | log.cleaner.min.cleanable.ratio
min.compaction.lag.ms | long | 0 | log.cleaner.min.compaction.lag.ms
min.insync.replicas | int | 1 | min.insync.replicas
preallocate | boolean | false | log.preallocate
remote.log.copy.disable | boolean | false | -
remote.log.delete.on.disable | boolean | false | -
remote.storage.enable | boolean | false | -
retention.bytes | long | -1 | log.retention.bytes
retention.ms | long | 604800000 | -
segment.bytes | int | 1073741824 | log.segment.bytes
segment.index.bytes | int | 10485760 | log.index.size.max.bytes
segment.jitter.ms | long | 0 | -
segment.ms | long | 604800000 | -
unclean.leader.election.enable | boolean | false | unclean.leader.election.enable
"""

# name | type | default (- for none) | can change while brokers run
BROKER_CONFIGS = """
advertised.listeners | list | - | fixed
auto.create.topics.enable | boolean | true | fixed
auto.leader.rebalance.enable | boolean | true | fixed
background.threads | int | 10 | dynamic
broker.heartbeat.interval.ms | int | 2000 | fixed
broker.id | int | -1 | fixed
broker.rack | string | - | fixed
broker.session.timeout.ms | int | 9000 | fixed
compression.gzip.level | int | -1 | dynamic
compression.lz4.level | int | 9 | dynamic
compression.type | string | producer | dynamic
compression.zstd.level | int | 3 | dynamic
connection.failed.authentication.delay.ms | int | 100 | fixed
connections.max.idle.ms | long | 600000 | fixed
controlled.shutdown.enable | boolean | true | fixed
controller.socket.timeout.ms | int | 30000 | fixed
default.replication.factor | int | 1 | fixed
delete.topic.enable | boolean | true | fixed
fetch.max.bytes | int | 57671680 | fixed
group.coordinator.rebalance.protocols | list | classic,consumer,streams | fixed
group.coordinator.threads | int | 4 | fixed
group.initial.rebalance.delay.ms | int | 3000 | fixed
group.max.session.timeout.ms | int | 1800000 | fixed
group.max.size | int | 2147483647 | fixed
group.min.session.timeout.ms | int | 6000 | fixed
initial.broker.registration.timeout.ms | int | 60000 | fixed
leader.imbalance.check.interval.seconds | long | 300 | fixed
listeners | list | PLAINTEXT://:9092 | dynamic
log.cleaner.backoff.ms | long | 15000 | dynamic
log.cleaner.dedupe.buffer.size | long | 134217728 | dynamic
log.cleaner.delete.retention.ms | long | 86400000 | dynamic
log.cleaner.enable | boolean | true | fixed
log.cleaner.io.buffer.load.factor | double | 0.9 | dynamic
log.cleaner.io.buffer.size | int | 524288 | dynamic
log.cleaner.io.max.bytes.per.second | double | 1.7976931348623157E308 | dynamic
log.cleaner.max.compaction.lag.ms | long | 9223372036854775807 | dynamic
log.cleaner.min.cleanable.ratio | double | 0.5 | dynamic
log.cleaner.min.compaction.lag.ms | long | 0 | dynamic
log.cleaner.threads | int | 1 | dynamic
log.cleanup.policy | list | delete | dynamic
log.dir | list | /tmp/kafka-logs | fixed
log.dirs | list | - | fixed
log.flush.interval.messages | long | 9223372036854775807 | dynamic
log.flush.interval.ms | long | - | dynamic
log.flush.offset.checkpoint.interval.ms | int | 60000 | fixed
log.flush.scheduler.interval.ms | long | 9223372036854775807 | fixed
log.flush.start.offset.checkpoint.interval.ms | int | 60000 | fixed
log.index.interval.bytes | int | 4096 | dynamic
log.index.size.max.bytes | int | 10485760 | dynamic
log.local.retention.bytes | long | -2 | dynamic
log.local.retention.ms | long | -2 | dynamic
log.message.timestamp.after.max.ms | long | 3600000 | dynamic
log.message.timestamp.before.max.ms | long | 9223372036854775807 | dynamic
log.message.timestamp.type | string | CreateTime | dynamic
log.preallocate | boolean | false | dynamic
log.retention.bytes | long | -1 | dynamic
log.retention.check.interval.ms | long | 300000 | fixed
log.retention.hours | int | 168 | fixed
log.retention.minutes | int | - | fixed
log.retention.ms | long | - | dynamic
log.roll.hours | int | 168 | fixed
log.roll.jitter.hours | int | 0 | fixed
log.roll.jitter.ms | long | - | dynamic
log.roll.ms | long | - | dynamic
log.segment.bytes | int | 1073741824 | dynamic
log.segment.delete.delay.ms | long | 60000 | dynamic
max.connections | int | 2147483647 | dynamic
max.connections.per.ip | int | 2147483647 | dynamic
max.connections.per.ip.overrides | string |  | dynamic
max.connection.creation.rate | int | 2147483647 | dynamic
max.incremental.fetch.session.cache.slots | int | 1000 | fixed
max.request.partition.size.limit | int | 2000 | fixed
message.max.bytes | int | 1048588 | dynamic
min.insync.replicas | int | 1 | dynamic
node.id | int | - | fixed
num.io.threads | int | 8 | dynamic
num.network.threads | int | 3 | dynamic
num.partitions | int | 1 | fixed
num.recovery.threads.per.data.dir | int | 2 | dynamic
num.replica.fetchers | int | 1 | dynamic
offset.metadata.max.bytes | int | 4096 | fixed
offsets.commit.timeout.ms | int | 5000 | fixed
offsets.load.buffer.size | int | 5242880 | fixed
offsets.retention.check.interval.ms | long | 600000 | fixed
offsets.retention.minutes | int | 10080 | fixed
offsets.topic.compression.codec | int | 0 | fixed
offsets.topic.num.partitions | int | 50 | fixed
offsets.topic.replication.factor | short | 3 | fixed
offsets.topic.segment.bytes | int | 104857600 | fixed
producer.id.expiration.ms | int | 86400000 | dynamic
queued.max.requests | int | 500 | fixed
queued.max.request.bytes | long | -1 | fixed
replica.fetch.backoff.ms | int | 1000 | fixed
replica.fetch.max.bytes | int | 1048576 | fixed
replica.fetch.min.bytes | int | 1 | fixed
replica.fetch.response.max.bytes | int | 10485760 | fixed
replica.fetch.wait.max.ms | int | 500 | fixed
replica.high.watermark.checkpoint.interval.ms | long | 5000 | fixed
replica.lag.time.max.ms | long | 30000 | fixed
replica.socket.receive.buffer.bytes | int | 65536 | fixed
replica.socket.timeout.ms | int | 30000 | fixed
request.timeout.ms | int | 30000 | fixed
socket.listen.backlog.size | int | 50 | fixed
socket.receive.buffer.bytes | int | 102400 | fixed
socket.request.max.bytes | int | 104857600 | fixed
socket.send.buffer.bytes | int | 102400 | fixed
unclean.leader.election.enable | boolean | false | dynamic
"""

# the others that it describes: names alone, for we have none of them
BROKER_CONFIGS_NOT_HERE = """
add.partitions.to.txn.retry.backoff.max.ms add.partitions.to.txn.retry.backoff.ms alter.config.policy.class.name
alter.log.dirs.replication.quota.window.num alter.log.dirs.replication.quota.window.size.seconds authorizer.class.name
client.quota.callback.class config.providers connections.max.reauth.ms controller.listener.names
controller.quorum.append.linger.ms controller.quorum.auto.join.enable controller.quorum.bootstrap.servers
controller.quorum.election.backoff.max.ms controller.quorum.election.timeout.ms controller.quorum.fetch.max.bytes
controller.quorum.fetch.snapshot.max.bytes controller.quorum.fetch.timeout.ms controller.quorum.request.timeout.ms
controller.quorum.retry.backoff.ms controller.quorum.voters controller.quota.window.num
controller.quota.window.size.seconds cordoned.log.dirs create.topic.policy.class.name
delegation.token.expiry.check.interval.ms delegation.token.expiry.time.ms delegation.token.max.lifetime.ms
delegation.token.secret.key delete.records.purgatory.purge.interval.requests early.start.listeners
fetch.purgatory.purge.interval.requests follower.fetch.last.tiered.offset.enable group.consumer.assignment.interval.ms
group.consumer.assignors group.consumer.heartbeat.interval.ms group.consumer.max.assignment.interval.ms
group.consumer.max.heartbeat.interval.ms group.consumer.max.session.timeout.ms group.consumer.max.size
group.consumer.migration.policy group.consumer.min.assignment.interval.ms group.consumer.min.heartbeat.interval.ms
group.consumer.min.session.timeout.ms group.consumer.session.timeout.ms group.coordinator.append.linger.ms
group.coordinator.background.threads group.coordinator.cached.buffer.max.bytes group.share.assignment.interval.ms
group.share.assignors group.share.delivery.count.limit group.share.heartbeat.interval.ms
group.share.max.assignment.interval.ms group.share.max.delivery.count.limit group.share.max.heartbeat.interval.ms
group.share.max.partition.max.record.locks group.share.max.record.lock.duration.ms group.share.max.session.timeout.ms
group.share.max.share.sessions group.share.max.size group.share.min.assignment.interval.ms
group.share.min.delivery.count.limit group.share.min.heartbeat.interval.ms group.share.min.partition.max.record.locks
group.share.min.record.lock.duration.ms group.share.min.session.timeout.ms group.share.partition.max.record.locks
group.share.record.lock.duration.ms group.share.session.timeout.ms group.streams.assignment.interval.ms
group.streams.heartbeat.interval.ms group.streams.initial.rebalance.delay.ms group.streams.max.assignment.interval.ms
group.streams.max.heartbeat.interval.ms group.streams.max.session.timeout.ms group.streams.max.size
group.streams.max.standby.replicas group.streams.min.assignment.interval.ms group.streams.min.heartbeat.interval.ms
group.streams.min.session.timeout.ms group.streams.num.standby.replicas group.streams.session.timeout.ms
inter.broker.listener.name kafka.metrics.polling.interval.secs kafka.metrics.reporters listener.security.protocol.map
log.dir.failure.timeout.ms metadata.log.dir metadata.log.max.record.bytes.between.snapshots
metadata.log.max.snapshot.interval.ms metadata.log.segment.bytes metadata.log.segment.ms metadata.max.idle.interval.ms
metadata.max.retention.bytes metadata.max.retention.ms metric.reporters metrics.num.samples metrics.recording.level
metrics.sample.window.ms num.replica.alter.log.dirs.threads principal.builder.class process.roles
producer.purgatory.purge.interval.requests quota.window.num quota.window.size.seconds remote.fetch.max.wait.ms
remote.list.offsets.request.timeout.ms remote.log.index.file.cache.total.size.bytes
remote.log.manager.copier.thread.pool.size remote.log.manager.copy.max.bytes.per.second
remote.log.manager.copy.quota.window.num remote.log.manager.copy.quota.window.size.seconds
remote.log.manager.expiration.thread.pool.size remote.log.manager.fetch.max.bytes.per.second
remote.log.manager.fetch.quota.window.num remote.log.manager.fetch.quota.window.size.seconds
remote.log.manager.follower.thread.pool.size remote.log.manager.task.interval.ms remote.log.manager.thread.pool.size
remote.log.metadata.custom.metadata.max.bytes remote.log.metadata.manager.class.name
remote.log.metadata.manager.class.path remote.log.metadata.manager.impl.prefix
remote.log.metadata.manager.listener.name remote.log.reader.max.pending.tasks remote.log.reader.threads
remote.log.storage.manager.class.name remote.log.storage.manager.class.path remote.log.storage.manager.impl.prefix
remote.log.storage.system.enable replica.selector.class replication.quota.window.num
replication.quota.window.size.seconds sasl.client.callback.handler.class sasl.enabled.mechanisms sasl.jaas.config
sasl.kerberos.kinit.cmd sasl.kerberos.min.time.before.relogin sasl.kerberos.principal.to.local.rules
sasl.kerberos.service.name sasl.kerberos.ticket.renew.jitter sasl.kerberos.ticket.renew.window.factor
sasl.login.callback.handler.class sasl.login.class sasl.login.connect.timeout.ms sasl.login.read.timeout.ms
sasl.login.refresh.buffer.seconds sasl.login.refresh.min.period.seconds sasl.login.refresh.window.factor
sasl.login.refresh.window.jitter sasl.login.retry.backoff.max.ms sasl.login.retry.backoff.ms
sasl.mechanism.controller.protocol sasl.mechanism.inter.broker.protocol sasl.oauthbearer.assertion.algorithm
sasl.oauthbearer.assertion.claim.aud sasl.oauthbearer.assertion.claim.exp.seconds sasl.oauthbearer.assertion.claim.iss
sasl.oauthbearer.assertion.claim.jti.include sasl.oauthbearer.assertion.claim.nbf.seconds
sasl.oauthbearer.assertion.claim.sub sasl.oauthbearer.assertion.file sasl.oauthbearer.assertion.private.key.file
sasl.oauthbearer.assertion.private.key.passphrase sasl.oauthbearer.assertion.template.file
sasl.oauthbearer.client.credentials.client.id sasl.oauthbearer.client.credentials.client.secret
sasl.oauthbearer.clock.skew.seconds sasl.oauthbearer.expected.audience sasl.oauthbearer.expected.issuer
sasl.oauthbearer.jwks.endpoint.refresh.ms sasl.oauthbearer.jwks.endpoint.retry.backoff.max.ms
sasl.oauthbearer.jwks.endpoint.retry.backoff.ms sasl.oauthbearer.jwks.endpoint.url
sasl.oauthbearer.jwt.retriever.class sasl.oauthbearer.jwt.validator.class sasl.oauthbearer.scope
sasl.oauthbearer.scope.claim.name sasl.oauthbearer.sub.claim.name sasl.oauthbearer.token.endpoint.url
sasl.server.callback.handler.class sasl.server.max.receive.size security.inter.broker.protocol security.providers
share.coordinator.append.linger.ms share.coordinator.cached.buffer.max.bytes share.coordinator.load.buffer.size
share.coordinator.snapshot.update.records.per.snapshot share.coordinator.state.topic.compression.codec
share.coordinator.state.topic.min.isr share.coordinator.state.topic.num.partitions
share.coordinator.state.topic.replication.factor share.coordinator.state.topic.segment.bytes share.coordinator.threads
share.coordinator.write.timeout.ms share.fetch.purgatory.purge.interval.requests
socket.connection.setup.timeout.max.ms socket.connection.setup.timeout.ms ssl.allow.dn.changes ssl.allow.san.changes
ssl.cipher.suites ssl.client.auth ssl.enabled.protocols ssl.endpoint.identification.algorithm ssl.engine.factory.class
ssl.key.password ssl.keymanager.algorithm ssl.keystore.certificate.chain ssl.keystore.key ssl.keystore.location
ssl.keystore.password ssl.keystore.type ssl.principal.mapping.rules ssl.protocol ssl.provider
ssl.secure.random.implementation ssl.trustmanager.algorithm ssl.truststore.certificates ssl.truststore.location
ssl.truststore.password ssl.truststore.type telemetry.max.bytes
transaction.abort.timed.out.transaction.cleanup.interval.ms transaction.max.timeout.ms
transaction.partition.verification.enable transaction.remove.expired.transaction.cleanup.interval.ms
transaction.state.log.load.buffer.size transaction.state.log.min.isr transaction.state.log.num.partitions
transaction.state.log.replication.factor transaction.state.log.segment.bytes transaction.two.phase.commit.enable
transactional.id.expiration.ms
"""
