using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;
using PipelineBackup.Cli.Commands;
using CommandSyntax = System.CommandLine.Parsing.CommandResult;

namespace PipelineBackup.Cli;

/// <summary>The whole command line: takes arguments, runs the command they name, tells how it ended.</summary>
internal static class CommandLine
{
    private static readonly ParserConfiguration s_parser = new()
    {
        // A file called '@x' is a file, and '-ab' is not two options.
        ResponseFileTokenReplacer = null,
        EnablePosixBundling = false,
    };

    private static readonly Option<bool> s_json = new("--json")
    {
        Description = "Write JSON: each line of the output one object, the last one the result",
        Recursive = true,
    };

    private static readonly Option<bool> s_verbose = new("--verbose")
    {
        Description = "Tell what is done, and where a failure came from",
        Recursive = true,
    };

    /// <summary>The commands.</summary>
    public static RootCommand CreateRoot()
    {
        var root = new RootCommand(
            "Backs up databases of the Extensible Storage Engine (ESE, JET Blue), verifies and restores them.")
        {
            new BackupCommand(),
            new ListCommand(),
            new ShowCommand(),
            new VerifyCommand(),
            new RestoreCommand(),
            new DrillCommand(),
            new ExpireCommand(),
            new PinCommand(),
            new UnpinCommand(),
            new Command("sink", "Looks at stores")
            {
                new SinkTestCommand(),
            },
            new Command("ese", "Looks into the files of the engine")
            {
                new EseInfoCommand(),
                new EseChecksumCommand(),
                new EseLogsCommand(),
                new EseDumpCommand(),
                new EseCheckCommand(),
                new EseRecoverCommand(),
            },
            new DemoCommand(),
            new DemoEngineCommand(),
            s_json,
            s_verbose,
        };
        root.HelpName = "pipelinebackup";
        foreach (var help in root.Options.OfType<HelpOption>())
            help.Action = new HelpText();
        return root;
    }

    /// <summary>Runs a command line.</summary>
    /// <param name="args">The arguments.</param>
    /// <param name="terminal">Where to write.</param>
    /// <param name="cancellationToken">Ends the command in good order.</param>
    public static async Task<ExitCode> RunAsync(IReadOnlyList<string> args, Terminal terminal,
        CancellationToken cancellationToken)
    {
        var parsed = CreateRoot().Parse(args, s_parser);
        var run = new Invocation(terminal, parsed.GetValue(s_json), parsed.GetValue(s_verbose));
        if (parsed.Action is not (null or ParseErrorAction))
        {
            // Help, version and completion, which the library does by itself.
            var library = new InvocationConfiguration { Output = terminal.Output, Error = terminal.Error };
            return (ExitCode)await parsed.InvokeAsync(library, cancellationToken);
        }

        if (parsed.Errors.Count > 0 || parsed.CommandResult.Command is not OperationCommand command)
            return End(run, ParseFailure(parsed));
        try
        {
            return End(run, await command.RunAsync(parsed, run, cancellationToken));
        }
        catch (UsageException wrong)
        {
            return End(run, wrong.Failure);
        }
        catch (Exception failure)
        {
            if (run.Verbose)
                run.Tell(failure.ToString());
            return End(run, CommandFailure.Of(failure, cancellationToken.IsCancellationRequested));
        }
    }

    private static ExitCode End(Invocation run, CommandFailure failure) =>
        End(run, new CommandResult { Exit = failure.Exit, Failure = failure, Fields = [], Text = _ => { } });

    private static ExitCode End(Invocation run, CommandResult result)
    {
        if (run.Json)
            JsonOutput.Write(run.Terminal.Output, JsonOutput.Result(result.Exit, result.Failure, result.Fields));
        else
            result.Text(run.Terminal.Output);
        run.Terminal.Output.Flush();
        // With JSON the error stands in the result; who watches the other stream reads it there too.
        result.Failure?.Write(run.Tell);
        return result.Exit;
    }

    private static CommandFailure ParseFailure(ParseResult parsed)
    {
        var path = new List<string>();
        for (var level = parsed.CommandResult; level is not null; level = level.Parent as CommandSyntax)
            path.Insert(0, level.Command is RootCommand ? "pipelinebackup" : level.Command.Name);
        // Beside a word that is no command the library also says that none was given.
        bool isUnknown = parsed.UnmatchedTokens.Count > 0;
        var messages = parsed.Errors
            .Where(error => !(isUnknown && error.Message.StartsWith("Required command", StringComparison.Ordinal)))
            .Select(error => error.Message.TrimEnd('.'))
            .DefaultIfEmpty("Required command was not provided")
            .Select(message => char.ToLowerInvariant(message[0]) + message[1..])
            .Distinct();
        return CommandFailure.Usage(string.Join("; ", messages),
            $"'{string.Join(' ', path)} --help' shows what it takes");
    }
}
