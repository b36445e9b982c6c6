using System.Text.Json.Nodes;

namespace PipelineBackup.Cli.Demo;

/// <summary>What one step of the demonstration did.</summary>
/// <param name="Title">What it does.</param>
/// <param name="Command">The command line; empty for steps that are none.</param>
/// <param name="Ok">Whether it ended as it should.</param>
/// <param name="Detail">What it did, with figures.</param>
/// <param name="Time">How long it took.</param>
internal sealed record DemoStep(string Title, string Command, bool Ok, string Detail, TimeSpan Time)
{
    /// <summary>Writes the step for people.</summary>
    public void Write(TextWriter output)
    {
        if (Command.Length > 0)
            output.Write($"  $ {Command}\n");
        output.Write($"  {(Ok ? "ok" : "FAILED"),-6} {Detail} ({Quantity.Duration(Time)})\n");
    }

    /// <summary>The step as JSON.</summary>
    public JsonObject ToJson() => new()
    {
        ["title"] = Title,
        ["command"] = Command.Length > 0 ? Command : null,
        ["ok"] = Ok,
        ["detail"] = Detail,
        ["seconds"] = Time.TotalSeconds,
    };
}
