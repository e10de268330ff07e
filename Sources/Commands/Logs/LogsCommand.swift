import ArgumentParser

struct LogsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "logs", abstract: "What instances, balancers and everything else write.",
        discussion: """
            apus logs shop                        the last lines of an app, from its hosts
            apus logs -f shop.web                 and those that come
            apus logs 'level:>=warn "timed out"'  lines of everything that fulfil a query
            apus logs shop 'status:>=500 | count by path, 1m' --since 6h
            apus logs shop.nginx                  what the balancers log for an app
            The query language is in docs/logs-query.md.
            """,
        subcommands: [
            LogsShowCommand.self, LogsErrorsCommand.self, LogsContextCommand.self, LogsFieldsCommand.self,
            LogsSendCommand.self, LogsTryCommand.self, LogsRawCommand.self,
        ],
        defaultSubcommand: LogsShowCommand.self)
}
