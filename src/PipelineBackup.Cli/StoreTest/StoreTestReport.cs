using System.Globalization;
using System.Text.Json.Nodes;
using PipelineBackup.Testing;

namespace PipelineBackup.Cli.StoreTest;

/// <summary>What a test of a store found.</summary>
/// <param name="Address">The store.</param>
/// <param name="Traits">What the sink says of itself.</param>
/// <param name="Laws">What came of each law that can be checked on a store in use.</param>
/// <param name="Speed">What was measured; null where that failed.</param>
/// <param name="SpeedFailure">Why it was not measured; empty where it was.</param>
/// <param name="Duration">How long all took.</param>
internal sealed record StoreTestReport(
    string Address, SinkTraits Traits, IReadOnlyList<LawOutcome> Laws, SpeedReport? Speed, string SpeedFailure, TimeSpan Duration)
{
    // Stores refuse requests that are signed at a time so far off theirs; some do so earlier.
    private static readonly TimeSpan s_farOff = TimeSpan.FromMinutes(1);

    /// <summary>The laws that were broken.</summary>
    public IReadOnlyList<LawOutcome> Broken => [.. Laws.Where(law => law.Verdict == LawVerdict.Broken)];

    /// <summary>What the store lacks, one sentence each.</summary>
    public IReadOnlyList<string> Missing
    {
        get
        {
            var missing = new List<string>();
            if (Broken.Count > 0)
                missing.Add($"it breaks {Quantity.Count(Broken.Count, "law")}: backups are not safe in it");
            if (!Traits.SupportsRetention)
                missing.Add("it does not retain: nothing keeps who may delete from deleting a backup");
            if (SpeedFailure.Length > 0)
                missing.Add($"it could not be measured: {SpeedFailure}");
            if (Speed is { Clock: null })
                missing.Add("it does not tell when it wrote an object: its clock is not known");
            if (Speed?.Clock is { } clock && clock.Ahead.Duration() - clock.Uncertainty > s_farOff)
                missing.Add($"its clock and this machine's differ by {Quantity.Duration(clock.Ahead.Duration())}");
            if (Laws.Where(law => law.IsSkipped && law.Law != "retention-kept" && law.Law != "retention-unpromised").ToList() is { Count: > 0 } skipped)
                missing.Add($"{Quantity.Count(skipped.Count, "law")} skipped: {string.Join(", ", skipped.Select(law => law.Law))}");
            return missing;
        }
    }

    /// <summary>The report for programs.</summary>
    public JsonObject ToJson() => new()
    {
        ["address"] = Address,
        ["traits"] = new JsonObject
        {
            ["putConcurrency"] = Traits.PutConcurrency,
            ["readConcurrency"] = Traits.ReadConcurrency,
            ["maxObjectLength"] = Traits.MaxObjectLength,
            ["supportsRetention"] = Traits.SupportsRetention,
        },
        ["clockAheadSeconds"] = Speed?.Clock?.Ahead.TotalSeconds,
        ["clockUncertaintySeconds"] = Speed?.Clock?.Uncertainty.TotalSeconds,
        ["latencies"] = JsonOutput.List((Speed?.Latencies ?? []).Select(call => new JsonObject
        {
            ["call"] = call.Call,
            ["medianMilliseconds"] = call.Median.TotalMilliseconds,
            ["p95Milliseconds"] = call.Slow.TotalMilliseconds,
        })),
        ["objectLength"] = Speed?.ObjectLength,
        ["uploadBytesPerSecond"] = Speed?.UploadRate,
        ["downloadBytesPerSecond"] = Speed?.DownloadRate,
        ["laws"] = JsonOutput.List(Laws.Select(law => new JsonObject
        {
            ["law"] = law.Law,
            ["verdict"] = JsonOutput.Name(law.Verdict),
            ["reason"] = law.Reason,
            ["seconds"] = law.Duration.TotalSeconds,
        })),
        ["missing"] = JsonOutput.List(Missing),
        ["durationSeconds"] = Duration.TotalSeconds,
    };

    /// <summary>Writes the report for people.</summary>
    public void Write(TextWriter output)
    {
        output.Write($"store {Address}\n");
        output.Write(string.Create(CultureInfo.InvariantCulture,
            $"  traits     {Traits.PutConcurrency} puts and {Traits.ReadConcurrency} reads at a time, objects up to ")
            + $"{Quantity.Bytes(Traits.MaxObjectLength)}, {(Traits.SupportsRetention ? "retains" : "does not retain")}\n");
        if (Speed is not null)
            WriteSpeed(output, Speed);
        int kept = Laws.Count(law => law.Verdict == LawVerdict.Kept), skipped = Laws.Count(law => law.IsSkipped);
        output.Write($"  laws       {Quantity.Count(kept)} kept, {Quantity.Count(skipped)} skipped, {Quantity.Count(Broken.Count)} broken, in {Quantity.Duration(Duration)}\n");
        foreach (var law in Broken)
        {
            output.Write($"  BROKEN     {law.Law}: {SinkConformance.Law(law.Law).Sentence}\n");
            output.Write($"             {law.Reason}\n");
        }

        foreach (var law in Laws.Where(law => law.IsSkipped))
            output.Write($"  skipped    {law.Law}: {law.Reason}\n");
        foreach (string line in Missing)
            output.Write($"  missing    {line}\n");
    }

    private static void WriteSpeed(TextWriter output, SpeedReport speed)
    {
        output.Write($"  clock      {Describe(speed.Clock)}\n");
        output.Write($"  latency    {string.Join(", ", speed.Latencies.Select(call => $"{call.Call} {Milliseconds(call.Median)} ({Milliseconds(call.Slow)})"))}: median (p95)\n");
        output.Write($"  rates      up {Quantity.Bytes((long)speed.UploadRate)}/s, down {Quantity.Bytes((long)speed.DownloadRate)}/s, objects of {Quantity.Bytes(speed.ObjectLength)}\n");
    }

    private static string Describe(ClockSkew? clock) => clock is null ? "unknown: the store does not tell when it wrote an object"
        : clock.Ahead.Duration() <= clock.Uncertainty ? $"as this machine's, within {Quantity.Duration(clock.Uncertainty)}"
        : $"{Quantity.Duration(clock.Ahead.Duration())} {(clock.Ahead > TimeSpan.Zero ? "ahead of" : "behind")} this machine's, within {Quantity.Duration(clock.Uncertainty)}";

    private static string Milliseconds(TimeSpan time) =>
        string.Create(CultureInfo.InvariantCulture, $"{time.TotalMilliseconds:0.0} ms");
}
