package import ArgumentParser
import Core

/// The commands of this target, for the root command that `apus` puts together.
package enum Commands {
    /// The root's configuration.
    /// - Parameter roles: the commands that run something for long: server, agent, dev.
    package static func configuration(roles: [any ParsableCommand.Type]) -> CommandConfiguration {
        CommandConfiguration(
            commandName: "apus", abstract: "A team's own operations department in one program.",
            discussion: """
                Everything Apus does is a difference between what git says and what runs, made into a plan and \
                carried out in steps. `apus dev .` runs a configuration repository on this machine.
                """, version: ProgramVersion.text,
            groupedSubcommands: groups + (roles.isEmpty ? [] : [CommandGroup(name: "Roles", subcommands: roles)]))
    }

    package static let groups: [CommandGroup] = [
        CommandGroup(
            name: "Configuration",
            subcommands: [
                InitCommand.self, ValidateCommand.self, ShowCommand.self, SimulateCommand.self, BuildCommand.self,
            ]),
        CommandGroup(
            name: "Change",
            subcommands: [
                PlanCommand.self, ApproveCommand.self, ApplyCommand.self, DeployCommand.self, RollbackCommand.self,
                ScaleCommand.self, DrainCommand.self, UndrainCommand.self,
            ]),
        CommandGroup(
            name: "Look",
            subcommands: [
                StatusCommand.self, HostsCommand.self, InstancesCommand.self, LogsCommand.self, ReleasesCommand.self,
                DiffCommand.self, EventsCommand.self, AuditCommand.self, MetricsCommand.self,
            ]),
        CommandGroup(
            name: "Executions",
            subcommands: [
                ExecutionsCommand.self, PauseCommand.self, ResumeCommand.self, AbortCommand.self, RetryCommand.self,
                CancelStepCommand.self,
            ]),
        CommandGroup(
            name: "Access", subcommands: [LoginCommand.self, LogoutCommand.self, TokenCommand.self, RevokeCommand.self]),
        CommandGroup(
            name: "Apus itself",
            subcommands: [DoctorCommand.self, NotifyCommand.self, VersionCommand.self, CompletionCommand.self]),
    ]
}
