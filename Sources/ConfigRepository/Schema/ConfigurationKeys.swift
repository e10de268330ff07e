/// Every key that files may have, by what it belongs to: for documentation and completion.
package enum ConfigurationKeys {
    package static let all: [String: Set<String>] = [
        "fabric": SchemaReader.fabricKeys,
        "hook": SchemaReader.hookKeys,
        "class": SchemaReader.classKeys,
        "host": SchemaReader.hostKeys.union(SchemaReader.hostListKeys),
        "selector": SchemaReader.selectorKeys,
        "balancer": SchemaReader.balancerKeys,
        "listener": SchemaReader.listenerKeys,
        "app": SchemaReader.appKeys,
        "source": SchemaReader.sourceKeys,
        "build": SchemaReader.buildKeys,
        "process": SchemaReader.processKeys,
        "health": SchemaReader.healthKeys,
        "stop": SchemaReader.stopKeys,
        "route": SchemaReader.routeKeys,
        "rollout": SchemaReader.rolloutKeys,
        "canary": SchemaReader.canaryKeys,
        "metrics": SchemaReader.metricsKeys,
        "retention": SchemaReader.retentionKeys,
        "histogram": SchemaReader.histogramKeys,
        "scrape": SchemaReader.scrapeKeys,
        "dashboard": SchemaReader.dashboardKeys,
        "dashboard row": SchemaReader.rowKeys,
        "panel": SchemaReader.panelKeys,
    ]
}
