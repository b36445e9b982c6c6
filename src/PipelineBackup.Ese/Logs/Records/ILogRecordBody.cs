namespace PipelineBackup.Ese;

/// <summary>
/// A structure that lies over the fixed part of a log record, behind the type (and, in extensible records, the length).
/// </summary>
/// <remarks>
/// Implementations are packed structures without references, so that stored bytes are seen in place and written as
/// they stand. The offsets in their tables count from the type, the record's first byte.
/// </remarks>
public interface ILogRecordBody
{
    /// <summary>Whether records of a type have this body.</summary>
    /// <param name="type">Any type.</param>
    static abstract bool Describes(LogRecordType type);
}
