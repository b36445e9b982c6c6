namespace PipelineBackup.Ese;

/// <summary>
/// The number of an outermost transaction ("trx"): counts in steps of four and starts over with each run of the engine.
/// </summary>
/// <param name="Value">The number as stored.</param>
public readonly record struct TransactionId(uint Value) : IComparable<TransactionId>
{
    /// <summary>Later than all others: not committed.</summary>
    public static TransactionId Max => new(uint.MaxValue);

    /// <inheritdoc/>
    // The counter wraps around, so the order is that of the signed difference.
    public int CompareTo(TransactionId other) => this == Max || other == Max
        ? Value.CompareTo(other.Value)
        : ((int)(Value - other.Value)).CompareTo(0);

    /// <summary>The number in hexadecimal, as the engine's tools print it.</summary>
    public override string ToString() => Value.ToString("x", System.Globalization.CultureInfo.InvariantCulture);
}
