using System.CommandLine;

namespace PipelineBackup.Cli;

/// <summary>A command that does something. Its help ends with an example and its exit codes.</summary>
/// <param name="name">Its name.</param>
/// <param name="description">What it does.</param>
internal abstract class OperationCommand(string name, string description) : Command(name, description)
{
    /// <summary>A whole command line that works.</summary>
    public abstract string Example { get; }

    /// <summary>What the exit codes mean that it has beside 1, 2 and 130.</summary>
    public abstract IReadOnlyList<(ExitCode Code, string Meaning)> Exits { get; }

    /// <summary>Does it.</summary>
    /// <param name="parsed">The command line, without errors.</param>
    /// <param name="run">Where to tell things.</param>
    /// <param name="cancellationToken">Ends it in good order.</param>
    public abstract Task<CommandResult> RunAsync(ParseResult parsed, Invocation run,
        CancellationToken cancellationToken);

    /// <summary>An option that takes one of several words.</summary>
    protected static Option<string> Choice(string name, string description, params string[] words)
    {
        var option = new Option<string>(name)
        {
            Description = description,
            HelpName = string.Join('|', words),
            DefaultValueFactory = _ => words[0],
        };
        // The library lists the words one by one; the help shows them in one place.
        option.AcceptOnlyFromAmong(words);
        return option;
    }

    /// <summary>An option that may be given several times, each time with one value.</summary>
    protected static Option<string[]> Repeated(string name, string helpName, string description) => new(name)
    {
        Description = description,
        HelpName = helpName,
        DefaultValueFactory = _ => [],
    };
}
