namespace PipelineBackup.Sinks.AzureBlob;
/// <summary>x</summary>
public sealed class X { static Azure.Storage.Blobs.BlobClientOptions y = new(); 
/// <summary>x</summary>
public static object Z => new Azure.Identity.DefaultAzureCredential(); 
/// <summary>x</summary>
public static object H => Azure.Storage.StorageCrc64HashAlgorithm.Create(); }
