using System.Globalization;
using PipelineBackup.Ese;

namespace PipelineBackup.Cli.Recovery;

/// <summary>Generations and times as they are typed.</summary>
internal static class StopPoint
{
    /// <summary>Takes the value of <c>--stop-at</c>.</summary>
    /// <param name="text">A generation, decimal or with <c>0x</c>, or a time in ISO 8601; one without zone is local.</param>
    /// <param name="generation">The generation; none for a time.</param>
    /// <returns>The time; null for a generation.</returns>
    /// <exception cref="UsageException">It is neither.</exception>
    public static DateTimeOffset? Parse(string text, out LogGeneration generation)
    {
        if (TryParseGeneration(text, out generation))
            return null;
        string[] formats =
        [
            "yyyy-MM-dd", "yyyy-MM-dd'T'HH:mmK", "yyyy-MM-dd'T'HH:mm:ssK", "yyyy-MM-dd'T'HH:mm:ss.FFFFFFFK",
            "yyyy-MM-dd HH:mmK", "yyyy-MM-dd HH:mm:ssK",
        ];
        if (DateTimeOffset.TryParseExact(
            text, formats, CultureInfo.InvariantCulture, DateTimeStyles.AssumeLocal, out var time)
            && time.UtcDateTime.Year is >= 1990 and <= 2155)
            return time;
        throw new UsageException($"'{text}' is neither a generation nor a time",
            "write a generation as 26 or 0x1A, a time as 2026-11-20T13:45:00Z");
    }

    /// <summary>Takes a range of generations; either end may be left out.</summary>
    /// <param name="text">For instance <c>4:0xC</c>.</param>
    /// <exception cref="UsageException">It is none.</exception>
    public static (LogGeneration Low, LogGeneration High) ParseRange(string text)
    {
        int colon = text.IndexOf(':', StringComparison.Ordinal);
        if (colon >= 0 && TryParseEnd(text[..colon], out var low) && TryParseEnd(text[(colon + 1)..], out var high)
            && (low.IsSet || high.IsSet))
            return (low, high);
        throw new UsageException($"'{text}' is no range of generations", "write LOW:HIGH, for instance 4:12 or 0x4:0xC");
    }

    private static bool TryParseEnd(string text, out LogGeneration generation)
    {
        generation = default;
        return text.Length == 0 || TryParseGeneration(text, out generation);
    }

    private static bool TryParseGeneration(string text, out LogGeneration generation)
    {
        bool isHex = text.StartsWith("0x", StringComparison.OrdinalIgnoreCase);
        bool isOne = isHex
            ? int.TryParse(text.AsSpan(2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out int number)
            : int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number);
        generation = new(number);
        return isOne && generation.IsSet && generation <= LogGeneration.Max;
    }
}
