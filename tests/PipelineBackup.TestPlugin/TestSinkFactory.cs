using PipelineBackup.Sinks.FileSystem;

namespace PipelineBackup.TestPlugin;

/// <summary>
/// Stores behind a scheme of their own: <c>test:///directory</c>; <c>test://broken/</c> fails as no store should,
/// <c>test://sloppy/directory</c> breaks laws.
/// </summary>
public sealed class TestSinkFactory : IBackupSinkFactory
{
    /// <inheritdoc/>
    public string Scheme => "test";

    /// <inheritdoc/>
    public IBackupSink Create(Uri address, bool create) => address.Host switch
    {
        "broken" => throw new InvalidOperationException("this store is broken"),
        "malformed" => throw new ArgumentException("a test address has no host", nameof(address)),
        "sloppy" => new SloppySink(FileSystemSink.Open(address.AbsolutePath, create)),
        _ => FileSystemSink.Open(address.LocalPath, create),
    };
}
