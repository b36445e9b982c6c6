using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text.RegularExpressions;

namespace PipelineBackup.Cli;

/// <summary>Sizes, rates and times as people write and read them.</summary>
internal static partial class Quantity
{
    private static readonly string[] s_units = ["B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];

    /// <summary>A number of bytes in binary units: <c>512 B</c>, <c>1.25 GiB</c>.</summary>
    public static string Bytes(long bytes)
    {
        double value = bytes;
        int unit = 0;
        while (Math.Abs(value) >= 1024 && unit < s_units.Length - 1)
        {
            value /= 1024;
            unit++;
        }

        string format = unit == 0 || value >= 100 ? "0" : value >= 10 ? "0.0" : "0.00";
        return $"{value.ToString(format, CultureInfo.InvariantCulture)} {s_units[unit]}";
    }

    /// <summary>A stretch of time: <c>420 ms</c>, <c>7.5 s</c>, <c>1:05 min</c>, <c>2:00:05 h</c>.</summary>
    public static string Duration(TimeSpan time) => time.TotalMilliseconds < 999.5
        ? string.Create(CultureInfo.InvariantCulture, $"{time.TotalMilliseconds:0} ms")
        : time.TotalSeconds < 59.95
        ? string.Create(CultureInfo.InvariantCulture, $"{time.TotalSeconds:0.0} s")
        : time.TotalHours < 1
            ? string.Create(CultureInfo.InvariantCulture, $"{(int)time.TotalMinutes}:{time.Seconds:00} min")
            : string.Create(CultureInfo.InvariantCulture,
                $"{(long)time.TotalHours}:{time.Minutes:00}:{time.Seconds:00} h");

    /// <summary>A number with grouped digits.</summary>
    public static string Count(long number) => number.ToString("#,0", CultureInfo.InvariantCulture);

    /// <summary>A number of things: <c>1 page</c>, <c>2 pages</c>.</summary>
    public static string Count(long number, string thing) => $"{Count(number)} {thing}{(number == 1 ? "" : "s")}";

    /// <summary>
    /// Takes a rate a second such as <c>50MB</c>, <c>1.5GiB</c> or <c>800k/s</c>: decimal units, binary ones with an
    /// <c>i</c>.
    /// </summary>
    /// <param name="text">The text.</param>
    /// <param name="bytesPerSecond">The rate, at least 1.</param>
    public static bool TryParseRate([NotNullWhen(true)] string? text, out long bytesPerSecond)
    {
        bytesPerSecond = 0;
        if (text is null || RatePattern().Match(text) is not { Success: true } match)
            return false;
        string unit = match.Groups["unit"].Value.ToUpperInvariant();
        int power = unit.Length == 0 ? 0 : 1 + "KMGT".IndexOf(unit[0], StringComparison.Ordinal);
        double value = double.Parse(match.Groups["number"].Value, CultureInfo.InvariantCulture)
            * Math.Pow(match.Groups["binary"].Success ? 1024 : 1000, power);
        if (value is < 1 or > 1e15)
            return false;
        bytesPerSecond = (long)value;
        return true;
    }

    /// <summary>Takes a stretch of time such as <c>90s</c>, <c>10m</c> or <c>2h</c>; at most 30 days.</summary>
    /// <param name="text">The text.</param>
    /// <param name="time">The time, at least a second.</param>
    public static bool TryParseDuration([NotNullWhen(true)] string? text, out TimeSpan time)
    {
        time = default;
        if (text is null || DurationPattern().Match(text) is not { Success: true } match)
            return false;
        long number = long.Parse(match.Groups["number"].Value, CultureInfo.InvariantCulture);
        time = TimeSpan.FromSeconds(number * match.Groups["unit"].Value switch { "s" => 1, "m" => 60, _ => 3600 });
        return time >= TimeSpan.FromSeconds(1) && time <= TimeSpan.FromDays(30);
    }

    [GeneratedRegex(@"^(?<number>[0-9]{1,7})(?<unit>[smh])\z", RegexOptions.ExplicitCapture)]
    private static partial Regex DurationPattern();

    [GeneratedRegex(@"^(?<number>[0-9]{1,15}(\.[0-9]{1,9})?) ?(?<unit>[KkMGT]?)(?<binary>(?<=[KkMGT])i(?=B))?B?(/s)?$",
        RegexOptions.ExplicitCapture)]
    private static partial Regex RatePattern();
}
