/// What shippers ask an Elasticsearch before they send to it: who it is, its licence, its health, and that templates,
/// policies and pipelines of theirs be there. The answers say yes to what has no meaning here.
package enum ElasticHandshake {
    /// The version that is told: clients of 7 and 8 speak to it, those of 9 in their compatible mode.
    package static let version = "8.19.0"
    /// Clients of Elastic take no other product.
    package static let fields = ["X-Elastic-Product": "Elasticsearch"]

    /// The answer to a request other than `_bulk`; nil if nobody asks such.
    /// - Parameter path: without the prefix under which the server has it and without the query: `/`, `/_license`.
    package static func answer(method: String, path: String) -> AcceptAnswer? {
        let parts = path.split(separator: "/").map(String.init)
        guard let first = parts.first else {
            return ["GET", "HEAD"].contains(method) ? found(method, identity) : nil
        }
        switch first {
        case "_license": return read(method, license)
        case "_xpack": return read(method, xpack)
        case "_cluster" where parts.count > 1 && parts[1] == "health": return read(method, health)
        case "_nodes": return read(method, nodes)
        case "_cat": return read(method, "[]")
        case "_ilm", "_index_template", "_component_template", "_template", "_ingest", "_data_stream", "_security":
            return resource(method)
        case "_alias", "_aliases": return resource(method)
        case _ where first.hasPrefix("_"): return nil
        // An index or an alias of one, as Filebeat of 7 makes it.
        default: return parts.count == 1 ? resource(method) : nil
        }
    }

    /// Everything that is asked for is there, and everything that is set is set.
    private static func resource(_ method: String) -> AcceptAnswer? {
        switch method {
        case "HEAD", "GET": found(method, "{}")
        case "PUT", "POST", "DELETE": AcceptAnswer(status: 200, json: #"{"acknowledged":true}"#, fields: fields)
        default: nil
        }
    }

    private static func read(_ method: String, _ json: String) -> AcceptAnswer? {
        ["GET", "HEAD"].contains(method) ? found(method, json) : nil
    }

    private static func found(_ method: String, _ json: String) -> AcceptAnswer {
        AcceptAnswer(status: 200, json: method == "HEAD" ? "" : json, fields: fields)
    }

    private static let identity = """
        {"name":"apus","cluster_name":"apus","cluster_uuid":"apus-logs","version":{"number":"\(version)",\
        "build_flavor":"default","build_type":"tar","build_hash":"0","build_date":"2026-01-01T00:00:00Z",\
        "build_snapshot":false,"lucene_version":"9.12.2","minimum_wire_compatibility_version":"7.17.0",\
        "minimum_index_compatibility_version":"7.0.0"},"tagline":"You Know, for Search"}
        """
    private static let license = """
        {"license":{"status":"active","uid":"apus-logs","type":"basic","issue_date":"2026-01-01T00:00:00.000Z",\
        "issue_date_in_millis":1767225600000,"max_nodes":null,"issued_to":"apus","issuer":"apus","start_date_in_millis":-1}}
        """
    private static let xpack = """
        {"build":{"hash":"0","date":"2026-01-01T00:00:00Z"},"license":{"uid":"apus-logs","type":"basic","mode":"basic",\
        "status":"active"},"features":{"ilm":{"available":true,"enabled":true}}}
        """
    private static let health = """
        {"cluster_name":"apus","status":"green","timed_out":false,"number_of_nodes":1,"number_of_data_nodes":1,\
        "active_primary_shards":1,"active_shards":1,"relocating_shards":0,"initializing_shards":0,"unassigned_shards":0,\
        "delayed_unassigned_shards":0,"number_of_pending_tasks":0,"number_of_in_flight_fetch":0,\
        "task_max_waiting_in_queue_millis":0,"active_shards_percent_as_number":100.0}
        """
    private static let nodes = """
        {"_nodes":{"total":1,"successful":1,"failed":0},"cluster_name":"apus","nodes":{}}
        """
}
