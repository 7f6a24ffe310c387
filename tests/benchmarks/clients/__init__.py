"""The client processes of workloads: librdkafka at its defaults, but for what a workload says."""
