using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;
using System.Globalization;

namespace PipelineBackup.Cli;

/// <summary>The library's help, with an example and the exit codes behind it.</summary>
internal sealed class HelpText : SynchronousCommandLineAction
{
    private static readonly (ExitCode Code, string Meaning)[] s_all =
    [
        (ExitCode.Done, "done"),
        (ExitCode.Failed, "failed; also: published, but ending the backup at the source failed afterwards"),
        (ExitCode.Usage, "the command line is wrong"),
        (ExitCode.Damaged, "done, with recorded or correctable damage"),
        (ExitCode.Refused, "refused because of damage or a log gap"),
        (ExitCode.NotFound, "what was asked for is not there"),
        (ExitCode.InUse, "in use by another program, backup or restore"),
        (ExitCode.Cancelled, "cancelled"),
    ];

    private readonly HelpAction _help = new() { MaxWidth = 120 };

    /// <inheritdoc/>
    public override bool ClearsParseErrors => true;

    /// <inheritdoc/>
    public override int Invoke(ParseResult parseResult)
    {
        int result = _help.Invoke(parseResult);
        var output = parseResult.InvocationConfiguration.Output;
        var command = parseResult.CommandResult.Command;
        if (command is OperationCommand operation)
        {
            output.WriteLine("Example:");
            output.WriteLine($"  {operation.Example}");
            output.WriteLine();
        }

        output.WriteLine("Exit codes:");
        foreach (var (code, meaning) in command is OperationCommand own ? Merge(own.Exits) : s_all)
            output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"  {(int)code,-3}  {meaning}"));
        return result;
    }

    private static IEnumerable<(ExitCode Code, string Meaning)> Merge(
        IReadOnlyList<(ExitCode Code, string Meaning)> own) => s_all
        .Where(general => own.Any(exit => exit.Code == general.Code)
            || general.Code is ExitCode.Failed or ExitCode.Usage or ExitCode.Cancelled)
        .Select(general => own.FirstOrDefault(exit => exit.Code == general.Code) is { Meaning: not null } special
            ? special
            : general.Code == ExitCode.Failed ? (general.Code, "failed") : general);
}
