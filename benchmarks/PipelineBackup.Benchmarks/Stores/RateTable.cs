using System.Globalization;

namespace PipelineBackup.Benchmarks.Stores;

/// <summary>What one transfer took.</summary>
/// <param name="Seconds">By the clock.</param>
/// <param name="CpuSeconds">Of all processors, of this process alone: the server's are not in it.</param>
internal readonly record struct Effort(double Seconds, double CpuSeconds);

/// <summary>The efforts of all ways and rounds, and what they say.</summary>
/// <param name="ways">The ways, in the order of the table.</param>
/// <param name="bytes">Bytes of one transfer.</param>
internal sealed class RateTable(IReadOnlyList<TransferWay> ways, long bytes)
{
    private readonly Dictionary<(TransferWay Way, bool Put), List<Effort>> _efforts = [];

    /// <summary>Adds a round of one way.</summary>
    public void Add(TransferWay way, bool put, Effort effort)
    {
        if (!_efforts.TryGetValue((way, put), out var efforts))
            _efforts.Add((way, put), efforts = []);
        efforts.Add(effort);
    }

    /// <summary>The table, as lines of Markdown.</summary>
    public IEnumerable<string> Lines()
    {
        yield return "| | put: MB/s | of the provider's best, in each round | core-s a GB | get: MB/s | of the provider's best | core-s a GB |";
        yield return "|---|---|---|---|---|---|---|";
        foreach (var way in ways)
            yield return $"| {way.Name} | {Cells(way, put: true)} | {Cells(way, put: false)} |";
    }

    private string Cells(TransferWay way, bool put)
    {
        var efforts = _efforts[(way, put)];
        var ratios = Enumerable.Range(0, efforts.Count).Select(round => RateOf(efforts[round]) / BestOfProvider(round, put));
        return $"{Spread(efforts.Select(RateOf), "0")} | {Spread(ratios.Select(ratio => 100 * ratio), "0")} % "
            + $"| {Spread(efforts.Select(effort => effort.CpuSeconds / (bytes / 1e9)), "0.00")}";
    }

    private double BestOfProvider(int round, bool put) =>
        ways.Where(way => way.Of == WayOf.Provider).Max(way => RateOf(_efforts[(way, put)][round]));

    private double RateOf(Effort effort) => bytes / 1e6 / effort.Seconds;

    // Median, and from the lowest to the highest.
    private static string Spread(IEnumerable<double> values, string format)
    {
        double[] sorted = [.. values.Order()];
        double median = (sorted[(sorted.Length - 1) / 2] + sorted[sorted.Length / 2]) / 2;
        return string.Join("", Text(median), " (", Text(sorted[0]), "–", Text(sorted[^1]), ")");

        string Text(double value) => value.ToString(format, CultureInfo.InvariantCulture);
    }
}
