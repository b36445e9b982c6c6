namespace PipelineBackup.Sinks.Postgres;

/// <summary>Makes sinks from addresses such as <c>postgres://backup@db.example.com/backups/store</c>.</summary>
public sealed class PostgresSinkFactory : IBackupSinkFactory
{
    /// <inheritdoc/>
    public string Scheme => PostgresAddress.Scheme;

    /// <inheritdoc/>
    public IBackupSink Create(Uri address, bool create) => PostgresSink.Open(PostgresAddress.Parse(address), create);
}
