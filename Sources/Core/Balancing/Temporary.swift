extension BalancerConfiguration {
    package static func make(balancer: BalancerSpec, host: HostSpec, desired: DesiredModel, records: [InstanceRecord], live: LiveModel) -> BalancerConfiguration {
        BalancerConfiguration(balancer: balancer.name, listeners: [])
    }
}
