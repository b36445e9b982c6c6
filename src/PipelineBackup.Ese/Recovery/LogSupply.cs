namespace PipelineBackup.Ese;

/// <summary>
/// The logs that are replayed, one generation after the other, from wherever they are: the folders of a backup set,
/// then those to roll forward with.
/// </summary>
internal abstract class LogSupply
{
    /// <summary>The last generation that there is to replay, for progress; none when nobody knows.</summary>
    public virtual LogGeneration Last => default;

    /// <summary>The next log; null when replay ends here.</summary>
    /// <param name="generation">Its generation.</param>
    /// <exception cref="EseException">It must be there and is not, or it is damaged: the error for its place.</exception>
    public abstract SuppliedLog? Open(LogGeneration generation);
}

/// <summary>One log to be replayed.</summary>
/// <param name="Entry">The file, with its header and scan.</param>
/// <param name="Reader">Its records; closed with this.</param>
/// <param name="IsLast">Whether nothing can follow: the log that was written to last.</param>
internal sealed record SuppliedLog(LogFileEntry Entry, LogRecordReader Reader, bool IsLast) : IDisposable
{
    /// <inheritdoc/>
    public void Dispose() => Reader.Dispose();
}
