using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Reflection;

namespace PipelineBackup;

/// <summary>Names under which the SDK tells what it does: an activity source and a meter, both <c>PipelineBackup</c>.</summary>
public static class Telemetry
{
    /// <summary>Name of the activity source and of the meter.</summary>
    public const string SourceName = "PipelineBackup";

    private static readonly Meter s_meter = new(SourceName);
    private static readonly Counter<long> s_plain = s_meter.CreateCounter<long>("pipelinebackup.plain", "By", "plain bytes backed up or restored");
    private static readonly Counter<long> s_stored = s_meter.CreateCounter<long>("pipelinebackup.stored", "By", "bytes of packs written or read");
    private static readonly Counter<long> s_badPages = s_meter.CreateCounter<long>("pipelinebackup.bad_pages", "{page}", "pages that do not verify");
    private static readonly Counter<long> s_runs = s_meter.CreateCounter<long>("pipelinebackup.runs", "{run}", "backups, verifications and restores that ended");

    internal static ActivitySource Activities { get; } = new(SourceName);

    /// <summary>Name and version of this program, as commits carry it.</summary>
    internal static string ToolName { get; } = "PipelineBackup " + (typeof(Telemetry).Assembly
        .GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+')[0] ?? "0");

    internal static void Count(string operation, ExitCode exit, long plain, long stored, long badPages)
    {
        var tag = new KeyValuePair<string, object?>("operation", operation);
        s_plain.Add(plain, tag);
        s_stored.Add(stored, tag);
        s_badPages.Add(badPages, tag);
        s_runs.Add(1, tag, new("result", exit.ToString()));
    }
}
