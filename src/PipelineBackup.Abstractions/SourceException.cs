namespace PipelineBackup;

/// <summary>The source of a backup failed or refuses.</summary>
/// <param name="message">What failed, in lower case, with the file it failed on.</param>
/// <param name="inner">The failure beneath, where there is one.</param>
public sealed class SourceException(string message, Exception? inner = null) : BackupException(message, inner);
