namespace PipelineBackup.Ese;

/// <summary>The number of a log file in its stream ("lgen"): 1, 2, 3, …; 0 means none.</summary>
/// <param name="Value">The number as stored.</param>
public readonly record struct LogGeneration(int Value) : IComparable<LogGeneration>
{
    /// <summary>No generation.</summary>
    public static LogGeneration None => default;

    /// <summary>The largest number a log file can carry.</summary>
    public static LogGeneration Max => new(0x7FFFFA00);

    /// <summary>Whether this names a generation.</summary>
    public bool IsSet => Value > 0;

    /// <summary>The generation after this one.</summary>
    public LogGeneration Next => new(Value + 1);

    /// <inheritdoc/>
    public int CompareTo(LogGeneration other) => Value.CompareTo(other.Value);

    /// <summary>Whether <paramref name="a"/> is older than <paramref name="b"/>.</summary>
    public static bool operator <(LogGeneration a, LogGeneration b) => a.Value < b.Value;

    /// <summary>Whether <paramref name="a"/> is newer than <paramref name="b"/>.</summary>
    public static bool operator >(LogGeneration a, LogGeneration b) => a.Value > b.Value;

    /// <summary>Whether <paramref name="a"/> is not newer than <paramref name="b"/>.</summary>
    public static bool operator <=(LogGeneration a, LogGeneration b) => a.Value <= b.Value;

    /// <summary>Whether <paramref name="a"/> is not older than <paramref name="b"/>.</summary>
    public static bool operator >=(LogGeneration a, LogGeneration b) => a.Value >= b.Value;

    /// <summary>Decimal and hexadecimal, as the engine's tools print it: <c>12 (0xc)</c>.</summary>
    public override string ToString() => string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{Value} (0x{Value:x})");
}
