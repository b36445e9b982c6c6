namespace PipelineBackup.Sinks.FileSystem;

/// <summary>Makes sinks from addresses such as <c>file:///var/backups</c> or <c>file:///D:/backups</c>.</summary>
public sealed class FileSystemSinkFactory : IBackupSinkFactory
{
    /// <inheritdoc/>
    public string Scheme => "file";

    /// <inheritdoc/>
    public IBackupSink Create(Uri address, bool create)
    {
        ArgumentNullException.ThrowIfNull(address);
        if (!address.IsAbsoluteUri || address.Scheme != Scheme)
            throw new ArgumentException(
                $"'{address}' is no address of a directory: expected file:///path", nameof(address));
        if (address.Query.Length > 0 || address.Fragment.Length > 0)
            throw new ArgumentException(
                $"'{address}' has a query or fragment: write '?' as %3F and '#' as %23", nameof(address));
        if (address.Host.Length > 0 && !OperatingSystem.IsWindows())
            throw new ArgumentException(
                $"'{address}' names a host: expected file:///path with three slashes", nameof(address));
        return FileSystemSink.Open(address.LocalPath, create);
    }
}
