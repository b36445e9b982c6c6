namespace PipelineBackup.Ese;

/// <summary>The id of a table, index or long-value tree inside one database ("objid").</summary>
/// <param name="Value">The id as stored.</param>
public readonly record struct ObjectId(uint Value)
{
    /// <summary>The id in decimal.</summary>
    public override string ToString() => Value.ToString(System.Globalization.CultureInfo.InvariantCulture);
}
