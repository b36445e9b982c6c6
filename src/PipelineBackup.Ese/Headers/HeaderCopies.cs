namespace PipelineBackup.Ese;

/// <summary>Which of a database's two header pages are whole.</summary>
public enum HeaderCopies
{
    /// <summary>Neither: no page size fits a right checksum.</summary>
    BothBad,

    /// <summary>Both, and they are the same byte for byte.</summary>
    Identical,

    /// <summary>Both, but they differ: a crash between the two writes. The primary counts.</summary>
    Different,

    /// <summary>Only the primary.</summary>
    ShadowBad,

    /// <summary>Only the shadow.</summary>
    PrimaryBad,
}
