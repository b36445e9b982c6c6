namespace PipelineBackup.Ese;

/// <summary>
/// The update counter of one database ("dbtime"): each logical change takes the next value and leaves it on the pages
/// it changed. Counting starts at 0x40; the five highest values are markers.
/// </summary>
/// <param name="Value">The counter as stored.</param>
public readonly record struct DbTime(ulong Value) : IComparable<DbTime>
{
    /// <summary>Not set.</summary>
    public static DbTime Nil => new(ulong.MaxValue);

    /// <summary>Whether this is one of the markers above <c>0xFFFFFFFFFFFFFFFA</c> instead of a time.</summary>
    public bool IsMarker => Value >= 0xFFFFFFFFFFFFFFFB;

    /// <inheritdoc/>
    public int CompareTo(DbTime other) => Value.CompareTo(other.Value);

    /// <summary>Decimal and hexadecimal, as the engine's tools print it: <c>319 (0x13f)</c>.</summary>
    public override string ToString() => string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{Value} (0x{Value:x})");
}
