namespace PipelineBackup.Ese;

/// <summary>How much of a page an inspection looks at.</summary>
public enum InspectionDepth : byte
{
    /// <summary>Checksum, page number and flush mark.</summary>
    Checksum,

    /// <summary>Also whether header and tag array are sound: what the engine checks on every read and write.</summary>
    Basic,

    /// <summary>Also every node: its lengths, its key, the order of keys, overlaps.</summary>
    Full,
}
